# frozen_string_literal: true

module Maxim
  # How one call of a ::Logger method becomes message, data, error and tags. No value given to it costs the entry.
  module LogEntry
    # Names of the API's levels, by their numbers; and the numbers of ::Logger's severities.
    LEVELS = Constants::LEVELS.keys.freeze
    # ::Logger's severities: the two above ERROR are errors tagged with their name.
    SEVERITIES = %i[debug info warn error fatal unknown].freeze

    # One more than the API takes, of which the library says so or leaves it out.
    ENOUGH_TAGS = 21

    module_function

    # Logs on a handle or a flow, which answer to the four levels and to error_with.
    #
    # Of an exception, name, message and stack are logged; of a hash, :message (or :msg) is the message
    # and the rest is data.
    def write(target, level, message, data, tags)
      error = message if Exception === message
      error, data = data, nil if Exception === data
      error ||= exception_in(data)
      message, data = from_hash(message, data) if Hash === message
      return write_error(target, message, error, tags) if error && level == :error

      data = with_exception(data, error) if error
      target.__send__(target.native_level(level), text(message), data, texts(tags))
    end

    # What the caller's block gives; a block that raises gives a text that says so.
    def evaluate(block)
      block.call
    rescue *Foreign::ERRORS => e
      "[Throws: #{Foreign.class_name(e)}: #{Foreign.reason(e)}]"
    end

    # As ::Logger's formatter: strings as they are, the rest inspected.
    def text(message)
      case message
      when String, Symbol then message
      when Exception then Foreign.message(message)
      else Foreign.inspected(message)
      end
    end

    def write_error(target, message, error, tags)
      message = error if nil.equal?(message)
      message = Exception === message ? Foreign.message(message) : text(message)
      message = Foreign.class_name(error) if message.to_s.empty?
      target.__send__(target.native_level(:error_with), message, Foreign.class_name(error), Foreign.message(error),
                      Foreign.stack(error), texts(tags))
    end
    private_class_method :write_error

    # A hash may make up members that it is asked for.
    def exception_in(data)
      found = data.fetch(:exception, nil) if Hash === data
      found if Exception === found
    rescue *Foreign::ERRORS
      nil
    end
    private_class_method :exception_in

    def from_hash(message, data)
      rest = Hash === data ? message.merge(data) : message.dup
      text = rest.delete(:message) || rest.delete("message") || rest.delete(:msg) || rest.delete("msg")
      text ? [text, rest] : [Convert.json(message), rest]
    rescue *Foreign::ERRORS
      [Convert.json(message), nil]
    end
    private_class_method :from_hash

    def with_exception(data, error)
      others = Hash === data ? data : { value: data }.compact
      { **others, exception: Foreign.exception(error) }
    rescue *Foreign::ERRORS
      { exception: Foreign.exception(error) }
    end
    private_class_method :with_exception

    def texts(tags)
      tags = Foreign.first_of(tags, ENOUGH_TAGS)
      tags.empty? ? nil : tags.map { |tag| Foreign.text(tag) }
    rescue *Foreign::ERRORS
      [Foreign.text(tags)]
    end
    private_class_method :texts
  end
end
