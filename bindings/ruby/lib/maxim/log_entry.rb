# frozen_string_literal: true

module Maxim
  # How one call of a ::Logger method becomes message, data, error and tags.
  module LogEntry
    # Names of the API's levels, by their numbers; and the numbers of ::Logger's severities.
    LEVELS = %i[debug info warn error].freeze
    # ::Logger's severities: the two above ERROR are errors tagged with their name.
    SEVERITIES = %i[debug info warn error fatal unknown].freeze

    module_function

    # Logs on a handle or a flow, which answer to the four levels and to error_with.
    #
    # Of an exception, name, message and stack are logged; of a hash, :message (or :msg) is the message
    # and the rest is data.
    def write(target, level, message, data, tags)
      error = message if message.is_a?(Exception)
      error, data = data, nil if data.is_a?(Exception)
      error ||= data[:exception] if data.is_a?(Hash) && data[:exception].is_a?(Exception)
      message, data = from_hash(message, data) if message.is_a?(Hash)
      return write_error(target, message, error, tags) if error && level == :error

      data = with_exception(data, error) if error
      target.__send__(target.native_level(level), text(message), data, presence(tags))
    end

    def write_error(target, message, error, tags)
      message = error.message if message.nil? || message.equal?(error)
      message = error.class.name if message.to_s.empty?
      target.__send__(target.native_level(:error_with), text(message), error.class.name || "anonymous",
                      error.message.to_s, Convert.stack(error), presence(tags))
    end
    private_class_method :write_error

    def from_hash(message, data)
      rest = data.is_a?(Hash) ? message.merge(data) : message.dup
      text = rest.delete(:message) || rest.delete("message") || rest.delete(:msg) || rest.delete("msg")
      text ? [text, rest] : [Convert.json(message), rest]
    end
    private_class_method :from_hash

    def with_exception(data, error)
      { **(data || {}), exception: Convert.exception(error) }
    end
    private_class_method :with_exception

    # As ::Logger's formatter: strings as they are, the rest inspected.
    def text(message)
      case message
      when String, Symbol then message
      when Exception then message.message
      else message.inspect
      end
    end
    private_class_method :text

    def presence(tags)
      tags = Array(tags)
      tags.empty? ? nil : tags.map(&:to_s)
    end
    private_class_method :presence
  end
end
