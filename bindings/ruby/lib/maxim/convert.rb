# frozen_string_literal: true

require "json"
require "date"
require "time"
require_relative "foreign"

module Maxim
  # JSON text that is to be sent as it is: `trace.add_metadata(Maxim::RawJson.new('{"a":1}'))`.
  RawJson = Struct.new(:text)

  # From values to text, JSON, times and numbers. Called by the extension, so nothing here raises: a value that
  # cannot be converted gives the Maxim::Error that says why, and for a lossy logger a value that can be sent.
  module Convert
    # The library's limit for nested arrays and objects.
    MAX_DEPTH = 128
    # How many values are written as they are: one that shares its parts doubles with each level.
    MAX_VALUES = 200_000
    # Larger integers are numbers in JSON, but no reader's.
    MAX_BITS = 64
    MICROSECONDS = 1_000_000
    # Microseconds before the year 0 and after 9999, where RFC 3339 has no dates.
    FIRST = Time.utc(0).to_i * MICROSECONDS
    LAST = (Time.utc(10_000).to_i * MICROSECONDS) - 1

    # A value that a strict logger does not send.
    class Unsendable < StandardError; end

    module_function

    # JSON text for any value: what to_json gives, with times in ISO 8601 and exceptions with their
    # backtrace and cause.
    def json(value, lossy = true)
      return raw_json(value) if RawJson === value

      JSON.generate(plain(value, 0, [MAX_VALUES]), max_nesting: MAX_DEPTH)
    rescue *Foreign::ERRORS => e
      return Foreign.json(value) if lossy

      InvalidJsonError.new("#{Foreign.class_name(value)} has no JSON: #{Foreign.reason(e)}")
    end

    # Text for a value that is not a String: JSON for hashes and arrays, to_s for the rest.
    def text(value, lossy = true)
      case value
      when Hash, Array, RawJson then json(value, lossy)
      when Time, DateTime then time(value)
      when Exception then Foreign.message(value)
      else written(value)
      end
    rescue *Foreign::ERRORS => e
      return Foreign.text(value) if lossy

      InvalidArgumentError.new("#{Foreign.class_name(value)} has no text: #{Foreign.reason(e)}")
    end

    # Microseconds since 1970 for a Time, DateTime, Date (UTC midnight), a number of seconds or a text in
    # ISO 8601. Of what is no time, a lossy logger's nil (which means now).
    def microseconds(value, lossy = true)
      found = case value
              when Time then (value.to_r * MICROSECONDS).to_i
              when DateTime then (value.to_time.to_r * MICROSECONDS).to_i
              when Date then Time.utc(value.year, value.month, value.day).to_i * MICROSECONDS
              when Numeric then (value.to_r * MICROSECONDS).to_i
              when String then (iso_time(value).to_r * MICROSECONDS).to_i
              else raise Unsendable, "give a Time, DateTime or seconds since 1970"
              end
      in_range(found, lossy)
    rescue *Foreign::ERRORS => e
      lossy ? nil : InvalidArgumentError.new("#{Foreign.shown(value)} is not a time: #{Foreign.reason(e)}")
    end

    # A Float. Of what is no number, a lossy logger's NaN, which arrives as null.
    def number(value, lossy = true)
      case value
      # Ruby warns about integers that no Float holds.
      when Integer then value.bit_length > Float::MAX_EXP ? Float::INFINITY * (value <=> 0) : Float(value)
      when Numeric, String then Float(value)
      else raise Unsendable, "give an Integer or Float"
      end
    rescue *Foreign::ERRORS => e
      lossy ? Float::NAN : InvalidArgumentError.new("#{Foreign.shown(value)} is not a number: #{Foreign.reason(e)}")
    end

    # An Integer from `least` to `most`, for a member of a configuration or an entry. A lossy logger's is the nearest.
    def integer(name, value, least, most, lossy)
      whole = (String === value ? Integer(value) : value).to_i
      raise Unsendable unless Numeric === value || String === value
      raise Unsendable unless lossy || whole.between?(least, most)

      whole.clamp(least, most)
    rescue *Foreign::ERRORS
      InvalidArgumentError.new("#{name} is #{Foreign.shown(value)}: give a whole number#{unit(name)} " \
                               "from #{least} to #{most}")
    end

    # true or false.
    def switch(name, value)
      return value if true.equal?(value) || false.equal?(value)

      InvalidArgumentError.new("#{name} is #{Foreign.shown(value)}: give true or false")
    end

    # What is said of keywords that do not exist: the first one, and the one that may have been meant.
    def unknown(given, known)
      known = known.map(&:to_s)
      name = given.first.to_s
      meant = plain_name(name)
      likely = known.find { |each| plain_name(each) == meant } ||
               known.find { |each| meant.size > 2 && (each.start_with?(name) || name.start_with?(each)) } ||
               known.find { |each| abbreviates?(meant, plain_name(each)) } ||
               DidYouMean::SpellChecker.new(dictionary: known).correct(name).first
      InvalidArgumentError.new("there is no #{name}: #{likely ? "did you mean #{likely}?" : "there are #{known.join(", ")}"}")
    rescue *Foreign::ERRORS
      InvalidArgumentError.new("an unknown keyword was given")
    end

    # The value's number among `choices`, or the error that names both.
    def choice(name, value, choices)
      # A hash or an array would be looked for by all that it holds, which may have no end.
      choices.fetch(String === value ? value.to_sym : (value if Symbol === value)) do
        names = choices.keys.map(&:inspect).join(", ")
        InvalidArgumentError.new("#{name} is #{Foreign.shown(value)}: give one of #{names}")
      end
    rescue *Foreign::ERRORS
      InvalidArgumentError.new("#{name} is #{Foreign.shown(value)}, which cannot be compared")
    end

    # `left` holds how many more values are written.
    def plain(value, depth, left)
      raise JSON::NestingError, "nesting of #{depth} is too deep" if depth > MAX_DEPTH
      left[0] -= 1
      raise Unsendable, "it has more than #{MAX_VALUES} values" if left[0] < (Hash === value || Array === value ? value.size : 0)

      case value
      when String then valid(value)
      when Integer then value.bit_length > MAX_BITS ? value.to_s : value
      when true, false, nil, Float then value
      when Symbol then valid(value.name)
      when Hash then value.to_h { |key, member| [name_of(key), plain(member, depth + 1, left)] }
      when Array then value.map { |member| plain(member, depth + 1, left) }
      when Time, DateTime then time(value)
      when Exception then plain(Foreign.exception(value), depth, left)
      when RawJson then JSON.parse(value.text)
      else foreign(value, depth, left)
      end
    end

    # What the value makes of itself, looked at: to_json may give anything.
    def foreign(value, depth, left)
      return plain(value.to_a, depth, left) if defined?(::Set) && ::Set === value
      return plain(value.to_h, depth, left) if Struct === value

      made = Foreign.as_json(value)
      return plain(made[0], depth + 1, left) if made

      JSON.parse(Foreign.to_json(value), max_nesting: MAX_DEPTH)
    end

    # Bytes that hold UTF-8 are UTF-8, whatever their string says.
    def valid(text)
      return text if text.encoding == Encoding::UTF_8 || text.ascii_only?
      return text.dup.force_encoding(Encoding::UTF_8) if text.encoding == Encoding::BINARY

      text.encode(Encoding::UTF_8)
    end

    def name_of(key)
      case key
      when String then valid(key)
      when Symbol then valid(key.name)
      when Hash, Array, Struct then Foreign.inspected(key)
      else valid(written(key))
      end
    end

    def written(value)
      text = value.to_s
      String === text ? text : raise(Unsendable, "to_s gives no String")
    end

    def raw_json(value)
      text = value.text
      String === text ? text : json(text)
    end

    def iso_time(text)
      Time.iso8601(text)
    rescue ArgumentError
      DateTime.iso8601(text).to_time
    end

    def in_range(microseconds, lossy)
      return microseconds if microseconds.between?(FIRST, LAST)
      raise Unsendable, "it is not in the years 0 to 9999" unless lossy

      microseconds.clamp(FIRST, LAST)
    end

    def time(value)
      value.to_time.strftime("%Y-%m-%dT%H:%M:%S.%6N%:z")
    end

    def unit(name)
      return " of milliseconds" if name.end_with?("_ms")

      name.end_with?("_bytes") ? " of bytes" : ""
    end

    # Whether the letters of the short name are among those of the long one, in their order.
    def abbreviates?(short, long)
      at = -1
      short.size > 3 && long.start_with?(short[0, 2]) && short.each_char.all? { |letter| at = long.index(letter, at + 1) }
    end

    def plain_name(name) = name.downcase.delete("^a-z0-9")

    private_class_method :plain, :foreign, :valid, :name_of, :written, :raw_json, :iso_time, :in_range, :unit,
                         :abbreviates?, :plain_name
  end
end
