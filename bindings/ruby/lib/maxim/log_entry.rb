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

    # Logs on a handle or a flow, which answer to the four levels, to error_with and to error_with_data.
    #
    # Of an exception, name, message and stack are logged; of a hash, :message (or :msg) is the message, or else the message
    # of its :exception, and the rest is data.
    def write(target, level, message, data, tags)
      error = message if Exception === message
      error, data = data, nil if Exception === data
      message, data = from_hash(message, data) if Hash === message
      error ||= exception_in(data)
      return write_error(target, message, error, beside(data, error), tags) if error && level == :error

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

    # What stands behind message and data, as fields: a hash that was written with braces, or another value.
    def with_more(more, fields)
      return fields if nil.equal?(more)

      Hash === more ? { **more, **fields } : { value: more, **fields }
    end

    # Data of two places, of which either may be no hash.
    def merge(data, fields)
      case data
      when Exception then fields.merge(exception: data)
      when Hash then data.merge(fields)
      when nil then fields
      else { value: data, **fields }
      end
    end

    # The error's own message is among the data, as with error_with, unless the data has a message of its own.
    def write_error(target, message, error, data, tags)
      message = error if nil.equal?(message)
      message = Exception === message ? Foreign.message(message) : text(message)
      message = Foreign.class_name(error) if message.to_s.empty?
      return target.error_with_data(message, error, data, texts(tags)) if data

      target.__send__(target.native_level(:error_with), message, Foreign.class_name(error), Foreign.message(error),
                      Foreign.stack(error), texts(tags))
    end
    private_class_method :write_error

    # The data without the exception that is logged, as a hash of our own; nil when nothing is left.
    def beside(data, error)
      return if nil.equal?(data)
      return { value: data } unless Hash === data

      rest = {}
      data.each { |key, value| rest[key] = value unless :exception.equal?(key) && error.equal?(value) }
      rest unless rest.empty?
    rescue *Foreign::ERRORS
      { value: data }
    end
    private_class_method :beside

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
      text = rest.delete(:message) || rest.delete("message") || rest.delete(:msg) || rest.delete("msg") || exception_in(rest)
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
