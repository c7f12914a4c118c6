# frozen_string_literal: true

require "json"
require "date"

module Maxim
  # JSON text that is to be sent as it is: `trace.add_metadata(Maxim::RawJson.new('{"a":1}'))`.
  RawJson = Struct.new(:text)

  # From values to text and JSON. Called by the extension, so nothing here raises: a value that cannot
  # be converted gives the Maxim::Error that says why.
  module Convert
    # The library's limit for nested arrays and objects.
    MAX_DEPTH = 128
    # How many causes of an exception are followed.
    MAX_CAUSES = 8
    MICROSECONDS = 1_000_000

    module_function

    # JSON text for any value: what to_json gives, with times in ISO 8601 and exceptions with their
    # backtrace and cause.
    def json(value)
      return value.text.to_s if value.is_a?(RawJson)

      JSON.generate(plain(value, 0), max_nesting: MAX_DEPTH)
    rescue StandardError, SystemStackError => e
      InvalidJsonError.new("#{value.class} has no JSON: #{e.message}")
    end

    # Text for a value that is not a String: JSON for hashes and arrays, to_s for the rest.
    def text(value)
      case value
      when Hash, Array, RawJson then json(value)
      when Time, DateTime then time(value)
      when Exception then value.message
      else value.to_s
      end
    rescue StandardError, SystemStackError => e
      InvalidArgumentError.new("#{value.class} has no text: #{e.message}")
    end

    # Microseconds since 1970 for a Time, DateTime, Date (UTC midnight) or number of seconds.
    def microseconds(value)
      case value
      when Time then (value.to_r * MICROSECONDS).to_i
      when DateTime then microseconds(value.to_time)
      when Date then Time.utc(value.year, value.month, value.day).to_i * MICROSECONDS
      when Numeric then (value.to_r * MICROSECONDS).to_i
      else InvalidArgumentError.new("#{value.class} is not a time: give a Time, DateTime or seconds since 1970")
      end
    rescue StandardError => e
      InvalidArgumentError.new("#{value.class} is not a time: #{e.message}")
    end

    # An exception as a hash: name, message, stack and cause.
    def exception(error, causes = MAX_CAUSES)
      described = { name: error.class.name || "anonymous", message: error.message.to_s }
      described[:stack] = error.backtrace.join("\n") if error.backtrace
      described[:cause] = exception(error.cause, causes - 1) if error.cause && causes.positive?
      described
    end

    # The backtrace of an exception and its causes, as Ruby prints it.
    def stack(error)
      error.full_message(highlight: false, order: :top)
    end

    def plain(value, depth)
      raise JSON::NestingError, "nesting of #{depth} is too deep" if depth > MAX_DEPTH

      case value
      when String, Integer, true, false, nil, Float then value
      when Hash then value.transform_values { |member| plain(member, depth + 1) }
      when Array then value.map { |member| plain(member, depth + 1) }
      when Time, DateTime then time(value)
      when Exception then exception(value)
      when RawJson then JSON.parse(value.text)
      else value
      end
    end
    private_class_method :plain

    def time(value)
      value = value.to_time
      value.strftime("%Y-%m-%dT%H:%M:%S.%6N%:z")
    end
    private_class_method :time
  end
end
