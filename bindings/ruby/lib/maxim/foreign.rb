# frozen_string_literal: true

require "json"

module Maxim
  # Values whose own code may fail: what stands for them in a record, instead of costing it.
  #
  # Each method of a value that runs here (to_s, to_json, to_h, inspect, message, backtrace, …) may raise, give
  # anything, or be missing, as in a BasicObject. Nothing here raises, for any value.
  module Foreign
    # What code that is called may raise; exits, interrupts and signals are not among it.
    ERRORS = [StandardError, ScriptError, SystemStackError, NoMemoryError].freeze
    # A document within a record has a few levels around it.
    MAX_DEPTH = 100
    # How many values are written: one that shares its parts doubles with each level.
    MAX_VALUES = 50_000
    # How many values are left to Ruby's own inspect, which has no bound.
    MAX_INSPECTED = 10_000
    # How many characters of a value an error shows.
    MAX_SHOWN = 200
    # How many causes of an exception are followed.
    MAX_CAUSES = 8
    REPLACEMENT = "\u{FFFD}"

    CLASS = Kernel.instance_method(:class)
    SAME = BasicObject.instance_method(:equal?)
    METHOD = Kernel.instance_method(:method)
    # Modules with a to_json for any object: the json gem's and Rails'.
    EVERYBODYS = /\A(JSON::.*GeneratorMethods::Object|ActiveSupport::ToJsonWithActiveSupportEncoder|Kernel)\z/
    private_constant :CLASS, :SAME, :METHOD, :EVERYBODYS

    module_function

    # Runs the block; what leaves it is told to `report`, and raised again.
    def telling(report)
      yield
    rescue *ERRORS => e
      begin
        report.call(e)
      rescue Error
        nil # raise_exceptions is for the program's own calls: what it raised itself comes first.
      end
      raise
    end

    # JSON text for any value: what cannot be written is replaced by a text that says what it was.
    def json(value, most = MAX_VALUES)
      JSON.generate(degraded(value, [], [most]), max_nesting: 0)
    rescue *ERRORS => e
      JSON.generate("[Throws: #{reason(e)}]")
    end

    # Text for any value.
    def text(value)
      case value
      when String then utf8(value)
      when Hash, Array, Struct then json(value)
      when Exception then message(value)
      else fenced(value) { utf8(string(value.to_s)) }
      end
    end

    # As ::Logger's formatter has it: what is no text inspected. What is too large for that as JSON.
    def inspected(value)
      return json(value, MAX_INSPECTED) if large?(value, [MAX_INSPECTED])

      fenced(value) { utf8(string(value.inspect)) }
    end

    # The beginning of that, for an error.
    def shown(value)
      text = inspected(value)
      text.size > MAX_SHOWN ? "#{text[0, MAX_SHOWN]}…" : text
    end

    # The members of a list, at most so many: an enumerator may have no end. What is no list is its own member.
    def first_of(value, most)
      case value
      when nil, Array, Hash then Array(value)
      when Enumerable then value.first(most)
      else Array(value)
      end
    end

    # Whether a value is more than so many values, each as often as it is referred to.
    def large?(value, left)
      return true if (left[0] -= 1).negative?

      case value
      when Array then value.any? { |member| large?(member, left) }
      when Hash then value.any? { |key, member| large?(key, left) || large?(member, left) }
      when Struct then value.to_a.any? { |member| large?(member, left) }
      else false
      end
    rescue *ERRORS
      true
    end

    # The message of an exception.
    def message(error)
      fenced(error) { utf8(string(error.message)) }
    end

    # The name of a value's class; Ruby's own, for classes that have none.
    def class_name(value)
      klass = CLASS.bind_call(value)
      fenced(klass) { utf8(string(klass.name || "anonymous")) }
    rescue *ERRORS
      "anonymous"
    end

    # An exception as a hash: name, message, stack and causes.
    def exception(error, causes = MAX_CAUSES)
      described = { name: class_name(error), message: message(error) }
      frames = backtrace(error)
      described[:stack] = frames.join("\n") unless frames.empty?
      cause = fenced(error) { error.cause }
      described[:cause] = exception(cause, causes - 1) if Exception === cause && causes.positive?
      described
    end

    # The backtrace of an exception and its causes, as Ruby prints it.
    def stack(error)
      return "#{message(error)} (#{class_name(error)})" if backtrace(error).empty?

      utf8(string(error.full_message(highlight: false, order: :top)))
    rescue *ERRORS
      "#{message(error)} (#{class_name(error)})\n#{backtrace(error).join("\n")}"
    end

    # The first line of what an exception says; of its own failure too.
    def reason(error)
      error.message.to_s.lines.first.to_s.chomp
    rescue *ERRORS
      class_name(error)
    end

    # What the block gives; when it raises, a text that says so. A BasicObject has none of the methods.
    def fenced(value)
      yield
    rescue *ERRORS => e
      Object === value ? "[Throws: #{reason(e)}]" : "#<#{safe_name(value)}>"
    end

    # A text of any encoding and with any bytes as UTF-8.
    def utf8(text)
      case text.encoding
      when Encoding::UTF_8, Encoding::US_ASCII, Encoding::BINARY
        String.new(text).force_encoding(Encoding::UTF_8).scrub(REPLACEMENT)
      else text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace, replace: REPLACEMENT)
      end
    rescue *ERRORS
      String.new(text).force_encoding(Encoding::UTF_8).scrub(REPLACEMENT)
    end

    # What an as_json of the value's own class gives, in a list; nil where there is none, or a to_json beside it. ActiveModel
    # has one, and Rails adds some to Ruby's classes; the one that it gives to every object would send all instance variables.
    def as_json(value)
      own = own_method(value, :as_json) unless own_method(value, :to_json)
      return unless own

      made = own.arity.positive? ? own.call({}) : own.call
      [made] unless SAME.bind_call(value, made)
    end

    # The JSON that the value writes: Rails' to_json, called without a State, would write something else.
    def to_json(value)
      own = own_method(value, :to_json)
      own&.arity&.zero? ? own.call : value.to_json(JSON::State.new)
    end

    # A value that JSON.generate writes, for any value; `path` is what it lies in, `left` holds how many more values are
    # written.
    def degraded(value, path, left)
      return "[left out]" if (left[0] -= 1).negative?

      case value
      when nil, true, false then value
      when Integer then value.bit_length > Convert::MAX_BITS ? value.to_s : value
      when Float then value.finite? ? value : nil
      when String then utf8(value)
      when Symbol then utf8(value.name)
      else within(value, path, left)
      end
    end

    def within(value, path, left)
      return "[Circular]" if path.any? { |outer| SAME.bind_call(outer, value) }
      return "[nested too deep]" if path.size == MAX_DEPTH

      fenced(value) { members(value, [*path, value], left) }
    end

    def members(value, path, left)
      case value
      when Hash then pairs(value, path, left)
      when Array then elements(value, path, left)
      when Exception then degraded(exception(value), path, left)
      when Time, DateTime then Convert.text(value)
      when Struct then RawJson === value ? document(value.text, left) : members(value.to_h, path, left)
      else own(value, path, left)
      end
    end

    # Nothing follows the member that says that the rest is left out.
    def pairs(value, path, left)
      value.each_with_object({}) do |(key, member), written|
        written[name(key)] = degraded(member, path, left)
        break written if left[0].negative?
      end
    end

    def elements(value, path, left)
      value.each_with_object([]) do |member, written|
        written << degraded(member, path, left)
        break written if left[0].negative?
      end
    end

    def own(value, path, left)
      return members(value.to_a, path, left) if defined?(::Set) && ::Set === value

      made = as_json(value)
      return degraded(made[0], path, left) if made

      written = to_json(value)
      JSON.parse(written)
    rescue JSON::ParserError
      utf8(string(written))
    end

    def document(text, left)
      JSON.parse(text)
    rescue JSON::ParserError
      degraded(text, [], left)
    end

    def name(key)
      case key
      when String then utf8(key)
      when Symbol then utf8(key.name)
      when Hash, Array, Struct then inspected(key)
      else fenced(key) { utf8(string(key.to_s)) }
      end
    end

    def backtrace(error)
      frames = error.backtrace
      Array === frames ? frames.map { |frame| text(frame) } : []
    rescue *ERRORS
      []
    end

    # The method of that name, unless it is one that all objects have.
    def own_method(value, name)
      method = METHOD.bind_call(value, name)
      method unless method.owner == Object || method.owner == Enumerable || EVERYBODYS.match?(method.owner.name)
    rescue NameError, TypeError
      nil
    end

    # What was to be a String; a value that claims to be one and is not is named instead.
    def string(text)
      String === text ? text : "#<#{safe_name(text)}>"
    end

    def safe_name(value)
      CLASS.bind_call(value).to_s
    rescue *ERRORS
      "anonymous"
    end

    private_class_method :large?, :degraded, :within, :members, :pairs, :elements, :own, :document, :name, :backtrace,
                         :own_method, :string, :safe_name
  end
end
