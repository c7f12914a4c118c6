# frozen_string_literal: true

require_relative "helper"
require "bigdecimal"
require "logger"
require "set"

# Values that cannot be sent as they are: each gives an entry or line, and no call raises.
class HostileValuesTest < MaximTest
  TABLE = JSON.parse(File.read(File.join(ROOT, "tests/hostile_values.json"), encoding: "UTF-8")).fetch("values")

  Case = Struct.new(:id, :name, :place, :value, :arrives)

  def setup
    super
    @log = logger(lossy: true)
    @app = client(lossy: true)
  end

  # What arrived, as it was written.
  def arrived
    assert @log.flush(timeout: 120)
    assert @app.flush(timeout: 120)
    File.readlines(@server.lines, chomp: true, encoding: "UTF-8").map { |line| line.gsub("\\ufffd", "\u{fffd}") }
  end

  def throws
    Object.new.tap do |value|
      %i[to_json to_s to_h inspect].each { |name| value.define_singleton_method(name) { |*| raise "on purpose" } }
    end
  end

  def value(given)
    return [given["hex"]].pack("H*").force_encoding("UTF-8") * given.fetch("times", 1) if given.key?("hex")
    return given["text"] * given.fetch("times", 1) if given.key?("text")
    return Maxim::RawJson.new(given["json"]) if given.key?("json")
    return Maxim::RawJson.new([given["json_hex"]].pack("H*")) if given.key?("json_hex")

    { "NaN" => Float::NAN, "Infinity" => Float::INFINITY, "-Infinity" => -Float::INFINITY, "huge_integer" => 2**70,
      "exact_integer" => (2**53) + 1, "deep" => 1_000.times.reduce(1) { |inner, _| [inner] },
      "cycle" => {}.tap { |hash| hash["self"] = hash }, "function" => ->(x) { x }, "date" => Time.utc(12_345_678),
      "throws" => throws }.fetch(given["value"])
  end

  def cases
    TABLE.flat_map { |given| given["at"].map { |place| [given, place] } }.each_with_index.map do |(given, place), number|
      arrives = given.dig("arrives_at", place) || given["arrives"]
      Case.new(format("case-%04d", number), given["name"], place, value(given), Regexp.new(arrives))
    end
  end

  # As the value of a member, or as the whole.
  def whole(value) = value.is_a?(Maxim::RawJson) ? value : { "value" => value }

  def failure(message)
    raise IOError, message
  rescue IOError => e
    e
  end

  def tell(place, id, value)
    trace = Maxim::Trace.new(@log, id)
    case place
    when "message" then @app.info(value, tags: [id])
    when "data" then @app.info("m", whole(value), tags: [id])
    when "tag" then @app.info("m", tags: [id, value])
    when "user_id" then @app.entry(message: "m", user_id: value, tags: [id])
    when "error_name" then @app.entry(level: :error, message: "m", error_name: value, tags: [id])
    when "error_stack" then @app.entry(level: :error, message: "m", error_stack: value, tags: [id])
    when "error_message" then @app.error("m", failure(value), tags: [id])
    when "name" then @log.trace(value, id: id)
    when "tag_key" then trace.add_tag(value, "v")
    when "tag_value" then trace.add_tag("k", value)
    when "metadata" then trace.add_metadata(whole(value))
    when "input" then trace.input = value
    when "output" then trace.output = value
    when "tool_arguments" then trace.tool_call("t", id: id, args: value)
    when "model_parameters" then Maxim::Generation.new(@log, id).model_parameters = whole(value)
    when "message_content"
      trace = @log.trace("around", id: "around-messages")
      trace.generation("g", id: id, messages: [{ role: "user", content: value }])
    else flunk "no such place: #{place}"
    end
  end

  def test_every_value_of_the_table_gives_one_entry_in_which_it_can_be_seen
    all = cases
    all.each { |each| tell(each.place, each.id, each.value) }
    lines = arrived
    wrong = all.reject do |each|
      found = lines.select { |line| line.include?(each.id) }
      found.size == 1 && found.first.match?(each.arrives)
    end
    assert_empty(wrong.map { |each| "#{each.id} #{each.name} as #{each.place}: #{lines.select { |line| line.include?(each.id) }.map { |line| line[0, 300] }}" })
    assert_empty @errors
  end

  # An exception each of whose methods misbehaves in its own way.
  def exceptions
    methods = { message: -> { raise "on purpose" }, full_message: ->(**) { raise "on purpose" },
                backtrace: -> { raise "on purpose" }, cause: -> { raise "on purpose" },
                to_s: -> { 5 }, "==": ->(_) { raise "on purpose" }, inspect: -> { raise NotImplementedError } }
    made = methods.map { |name, body| failure("m").tap { |error| error.define_singleton_method(name, &body) } }
    ring = failure("ring")
    ring.define_singleton_method(:cause) { ring }
    nameless = Class.new(StandardError) { def self.name = raise("on purpose") }
    [*made, ring, nameless.new("n"), StandardError.new("never raised"), failure("caf\xE9"), failure("\xFF".b),
     failure("日本".encode("UTF-16LE")), failure(nil), SystemExit.new(1), Exception.new("above StandardError")]
  end

  OTHERS = {
    "UTF-16" => "日本".encode("UTF-16LE"), "Shift_JIS" => "日本".encode("Shift_JIS"), "Shift_JIS, cut" => "\x81".dup.force_encoding("Shift_JIS"),
    "UTF-7" => "a".dup.force_encoding("UTF-7"), "bytes" => "\x89PNG\xFF".b, "bytes of UTF-8" => "Tekirda\xC4\x9F".b,
    "a frozen hash" => { a: "b" }.freeze, "Complex" => Complex(1, 2), "Rational" => 1r / 3, "BigDecimal" => BigDecimal("NaN"),
    "a number of 400 digits" => 10**400, "a symbol" => "caf\xE9".b.to_sym, "a Set" => Set[1, 2], "a Range" => (1..), "a class" => Class.new,
    "a year" => Time.utc(99_999), "a hash that makes up members" => Hash.new { raise "on purpose" }, "keys of all kinds" => { nil => 1, [1] => 2, 1.5 => 3 },
    "nil" => nil, "a Struct" => Struct.new(:a).new(1), "a BasicObject" => BasicObject.new, "a proc" => proc {}, "a thread" => Thread.current
  }.freeze

  def strange
    OTHERS.merge(
      "to_json that gives no JSON" => Object.new.tap { |value| def value.to_json(*) = "oops" },
      "to_json that gives nil" => Object.new.tap { |value| def value.to_json(*) = nil },
      "to_json without end" => Object.new.tap { |value| def value.to_json(*) = to_json },
      "a key whose text raises" => { throws => 1 }, "an Array subclass" => Class.new(Array) { def map = raise("on purpose") }.new([1]),
      "a String subclass" => Class.new(String) { def to_json(*) = raise("on purpose") }.new("text"), "throws" => throws
    )
  end

  def test_whatever_ruby_has_gives_an_entry_and_nothing_is_raised
    sent = 0
    say = ->(**more) { { tags: ["n#{sent += 1}"], **more } }
    strange.each_value do |value|
      @app.info(value, **say.call)
      @app.info("m", value, **say.call)
      @app.info("m", key: value, **say.call)
      @app.info({ "message" => value }, **say.call)
      @app.info(**say.call) { value }
      @app.entry(message: value, data: value, request_id: value, timestamp: value, step_index: value, dataset: value, **say.call)
      @app.add(value, value, value)
      @app.flow(value) { |flow| flow.info(value, value, **say.call) }
    end
    exceptions.each do |error|
      @app.error(error, **say.call)
      @app.warn("m", error, **say.call)
      @app.error({ message: "m", exception: error }, **say.call)
      @app.add(::Logger::ERROR, error)
    end
    @app.info(**say.call) { raise "from the block" }
    @app.formatter = ->(*) { raise "from the formatter" }
    @app.info("formatted", **say.call)
    lines = arrived
    missing = (1..sent).reject { |number| lines.one? { |line| line.include?("\"n#{number}\"") } }
    assert_empty missing
    assert(lines.any? { |line| line.include?("from the block") })
    assert(lines.any? { |line| line.include?("formatted [the formatter raised RuntimeError: from the formatter]") })
    assert_equal sent + strange.size + exceptions.size, @app.stats[:delivered]
  end

  def test_whatever_ruby_has_gives_a_line_and_nothing_is_raised
    calls = 0
    strange.each_value do |value|
      trace = @log.trace(value, tags: { k: value }, input: value, start_timestamp: value, session_id: value, no_such_thing: value)
      trace.add_tag(value, value)
      trace.add_metadata({ key: value })
      trace.add_metric("m", value)
      trace.add_event(value, metadata: { key: value }, no_such_thing: value)
      trace.add_error(value)
      trace.add_error(message: value, code: value, metadata: value)
      trace.generation("g", messages: [value], model_parameters: { key: value }).result({ odd: value })
      trace.retrieval(value).set_input([value])
      trace.tool_call("t", args: value).error(message: value)
      calls += 13
    end
    exceptions.each do |error|
      trace = @log.trace("t")
      trace.add_error(error)
      trace.generation("g").error(error)
      assert_raises(error.class) { trace.span("s") { raise error } } if StandardError === error
      calls += 4
    end
    lines = arrived
    assert_operator lines.size, :>=, calls
    # What is told is about keywords that do not exist, and never costs the line.
    assert_empty(@errors.reject { |error| error.message.match?(/no_such_thing|is none of the results/) })
  end

  # Values that refer to their parts so often that whoever writes them all never ends.
  def endless
    doubling = ->(start) { 60.times.reduce(start) { |part, _| { "a" => part, "b" => part } } }
    { "shared parts" => doubling.call(1), "without JSON" => doubling.call(Float::NAN), "of objects" => doubling.call(throws),
      "in arrays" => 60.times.reduce(1) { |part, _| [part, part] }, "many levels" => 50_000.times.reduce(1) { |inner, _| [inner] },
      "many members" => (0..200_000).to_h { |number| [number, number] } }
  end

  def test_a_value_without_an_end_ends_and_its_entry_and_line_arrive
    endless.each do |name, value|
      @app.info("m", { given: value }, tags: [name])
      @app.info(value, tags: [name])
      @app.add(value, value, value)
      @app.entry(level: value, message: name, timestamp: value, step_index: value, tags: [name])
      assert_operator assert_raises(ArgumentError, name) { @app.level = value }.message.size, :<, 400
      @log.trace("t", tags: { given: value })
      @log.commit(value, "id", "update", {})
    end
    lines = arrived
    assert_empty(endless.keys.reject { |name| lines.count { |line| line.include?("[\"#{name}\"]") } == 3 })
    assert_equal 5 * endless.size, lines.size
    # What is told is that it is no level, no step's index and no entity, by the beginning of what was given.
    assert_equal 3 * endless.size, @errors.size
    @errors.each { |error| assert_operator error.message.size, :<, 400 }
  end

  def test_lengths_are_cut_and_the_end_of_what_a_runtime_wrote_is_kept
    frames = (1..120).map { |number| "/usr/local/bundle/gems/actionpack-7.1.3/lib/action_dispatch/middleware/stack_#{number}.rb:#{number}:in `call'" }
    @app.error("rails", RuntimeError.new("boom").tap { |error| error.set_backtrace(frames) })
    @app.error("proxy", failure("<html>#{"x" * 12_000}</html>"))
    @app.info("Parameters: #{"y" * 12_000} the end")
    @app.info("job", tags: ["Billing::Invoices::GenerateMonthlyStatementForCustomerJob", *(1..30)])
    rails, proxy, parameters, job = arrived.map { |line| JSON.parse(line) }
    assert_match(/stack_1\.rb.*characters left out.*stack_120\.rb/m, rails["errorStack"])
    assert_equal [12_013, "</html>"], [proxy["data"]["message"].size, proxy["data"]["message"][-7..]]
    assert_match(%r{<html>.*characters left out.*hostile_values_test}m, proxy["errorStack"])
    assert_match(/Parameters.*characters left out.*the end/m, parameters["message"])
    assert_equal [50, 20], [job["tags"][0].size, job["tags"].size]
  end

  def test_without_a_handler_each_kind_of_trouble_is_a_warning_once
    app = Maxim::LogClient.new(endpoint: @server.url, source: "svc", api_key: API_KEY, spool_dir: @spool, exit_timeout: nil)
    _, warned = capture_io do
      2.times { app.entry(message: "m", requestId: 1) }
      app.close
      2.times { app.info("late") }
    end
    assert_equal 2, warned.lines.size, warned
    assert_match(/there is no requestId: did you mean request_id\?.*InvalidArgumentError/, warned)
    assert_match(/closed.*ClosedError/, warned)
    assert_equal({ "requestId" => 1 }, JSON.parse(File.readlines(@server.lines).last)["data"])
  end
end
