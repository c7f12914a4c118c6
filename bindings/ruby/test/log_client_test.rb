# frozen_string_literal: true

require_relative "helper"
require "logger"

class LogClientTest < MaximTest
  def entries(log)
    assert log.flush, "not everything arrived: #{log.stats}"
    posts = @server.requests.select { |request| request["target"] == "/v1/logs" }
    posts.flat_map { |request| JSON.parse(request["body"])["logs"] }
  end

  def messages(log)
    entries(log).map { |entry| entry.values_at("level", "message") }
  end

  def test_it_answers_to_everything_a_logger_answers_to
    log = client
    missing = ::Logger.public_instance_methods(false).reject { |name| log.respond_to?(name) }
    assert_empty missing
  end

  def test_the_directory_in_use_is_said
    assert_equal File.realpath(@spool), client.spool_dir
    assert_equal File.realpath(@spool), logger.spool_dir
    assert_nil logger(memory_only: true).spool_dir
    assert_raises(Maxim::Error) { client(spool_dir: "/dev/null") }
    refute_equal "/dev/null", client(spool_dir: "/dev/null", spool_dir_fallback: true).spool_dir
  end

  def test_severities_become_levels
    log = client
    %i[debug info warn error fatal unknown].each { |level| assert_equal true, log.public_send(level, "m") }
    sent = entries(log)
    assert_equal %w[debug info warn error error error], sent.map { |entry| entry["level"] }
    assert_equal [nil, nil, nil, nil, ["fatal"], ["unknown"]], sent.map { |entry| entry["tags"] }
  end

  def test_of_tags_without_end_the_first_are_taken
    log = client(lossy: true)
    endless = [(1..).lazy, (1..), ("a"..), Enumerator.new { |tags| loop { tags << "x" } }, [5].cycle]
    endless.each { |tags| log.info("m", tags: tags) }
    log.flow("f").info("step", tags: (1..).lazy)
    log.error("e", RuntimeError.new("boom"), tags: (1..).each)
    assert_equal [20] * 7, entries(log).map { |entry| entry["tags"].size }
  end

  def test_add_and_blocks_work_as_in_logger
    log = client(progname: "app")
    log.add(Logger::WARN, "added")
    log.add(Logger::INFO, nil, "only the progname")
    log.add(Logger::INFO, nil, "name") { "from a block" }
    log.log(Logger::ERROR) { "block of log" }
    log.info("worker") { "named" }
    log.info { "lazy" }
    log << "raw line\n"
    log.info(nil)
    assert_equal [%w[warn added], ["info", "only the progname"], ["info", "from a block"], ["error", "block of log"],
                  %w[info named], %w[info lazy], ["info", "raw line"], %w[info app]], messages(log)
    assert_equal({ "progname" => "worker" }, entries(log)[4]["data"])
  end

  def test_what_is_below_the_level_is_neither_logged_nor_evaluated
    log = client(level: :warn)
    evaluated = false
    assert_equal true, log.info { evaluated = true }
    refute evaluated
    refute_predicate log, :info?
    assert_predicate log, :warn?
    log.level = Logger::ERROR
    log.warn("not this")
    log.level = :warn
    log.warn("this")
    log.silence { log.warn("silenced") }
    assert_equal Logger::WARN, log.level
    assert_raises(ArgumentError) { log.level = :loud }
    assert_equal [%w[warn this]], messages(log)
  end

  def test_data_keywords_and_hashes_are_structured
    log = client
    log.info("a", { x: 1 })
    log.info("b", y: 2, tags: %i[t])
    log.info({ message: "c", z: 3 })
    log.info({ only: "data" })
    log.info("d", { x: 1 }, y: 2)
    log.info(%w[an array])
    sent = entries(log)
    assert_equal [{ "x" => 1 }, { "y" => 2 }, { "z" => 3 }, { "only" => "data" }, { "x" => 1, "y" => 2 }, nil],
                 sent.map { |entry| entry["data"] }
    assert_equal ["a", "b", "c", '{"only":"data"}', "d", '["an", "array"]'], sent.map { |entry| entry["message"] }
    assert_equal ["t"], sent[1]["tags"]
  end

  def raised
    begin
      raise IOError, "cause"
    rescue IOError
      raise ArgumentError, "outer"
    end
  rescue ArgumentError => e
    e
  end

  def declined
    raise IOError, "declined"
  rescue IOError => e
    e
  end

  def test_data_beside_an_exception_arrives_with_it_however_both_are_given
    log = client
    error = declined
    log.error("m", error, order: 7)
    log.error("m", order: 7, exception: error)
    log.fatal("m", { order: 7, exception: error })
    log.error({ message: "m", order: 7, exception: error })
    log.error(error, order: 7)
    log.error({ order: 7, exception: error })
    sent = entries(log)
    assert_equal [["error", "IOError", { "message" => "declined", "order" => 7 }]] * 6, sent.map { |entry| entry.values_at("level", "errorName", "data") }
    assert_equal %w[m m m m declined declined], sent.map { |entry| entry["message"] }
    sent.each { |entry| assert_match(/log_client_test/, entry["errorStack"]) }
    assert_empty @errors
  end

  def test_data_beside_an_exception_arrives_in_a_step_too
    log = client
    flow = log.flow("f")
    flow.error("m", declined, order: 7)
    flow.error("m", order: 7, exception: declined)
    flow.error(declined, order: 7)
    assert_equal [[7, "IOError", "declined"]] * 3,
                 entries(log).map { |entry| [entry["data"]["order"], *entry["data"]["exception"].values_at("name", "message")] }
  end

  # What ActiveModel has, and the json gem calls with an argument or not.
  class AsJson
    def as_json(_options = nil) = { id: 1, at: Time.at(0).utc }
  end

  class AsJsonWithOptions
    def as_json(options) = { id: options.size }
  end

  class ToJson
    def to_json = '{"n":1}'
    def as_json(_options = nil) = "not asked"
  end

  # As Numeric has it in Rails.
  class ItsOwn
    def as_json(_options = nil) = self
    def to_s = "itself"
  end

  def test_objects_give_their_own_json
    log = client(lossy: true)
    log.info("m", model: AsJson.new, options: AsJsonWithOptions.new, to_json: [ToJson.new], own: ItsOwn.new, nan: Float::NAN)
    log.info("m", model: AsJson.new, options: AsJsonWithOptions.new, to_json: [ToJson.new], own: ItsOwn.new, nan: 0.5)
    degraded, plain = entries(log).map { |entry| entry["data"] }
    assert_equal({ "model" => { "id" => 1, "at" => "1970-01-01T00:00:00.000000+00:00" }, "options" => { "id" => 0 },
                   "to_json" => [{ "n" => 1 }], "own" => "itself", "nan" => 0.5 }, plain)
    assert_equal plain.except("nan"), degraded.except("nan")
    assert_empty @errors
  end

  def test_exceptions_fill_the_errors_fields
    log = client
    log.error(raised)
    log.error("with text", raised)
    log.warn(raised)
    first, second, third = entries(log)
    assert_equal %w[outer ArgumentError], first.values_at("message", "errorName")
    assert_match(/log_client_test.*IOError/m, first["errorStack"])
    assert_equal({ "message" => "outer" }, second["data"])
    assert_equal "with text", second["message"]
    assert_equal %w[IOError cause], third.dig("data", "exception", "cause").values_at("name", "message")
  end

  def test_a_formatter_of_the_programs_own_makes_the_text
    log = client(formatter: ->(severity, _time, progname, text) { "#{severity}|#{progname}|#{text}\n" }, progname: "p")
    log.warn("text")
    assert_equal [["warn", "WARN|p|text"]], messages(log)
  end

  def test_rails_tagged_logging_turns_its_tags_into_the_entrys
    begin
      require "active_support"
      require "active_support/tagged_logging"
    rescue LoadError
      skip "activesupport is not installed"
    end
    log = client
    tagged = ActiveSupport::TaggedLogging.new(log)
    tagged.tagged("request-1", "user-2") { tagged.info("inside") }
    tagged.info("outside")
    inside, outside = entries(log)
    assert_equal ["inside", %w[request-1 user-2]], inside.values_at("message", "tags")
    assert_equal ["outside", nil], outside.values_at("message", "tags")
  end

  def test_flows_number_their_steps
    log = client
    value = log.flow("checkout") do |flow|
      assert_match(/\Acheckout-\h{8}\z/, flow.id)
      assert_equal "checkout", flow.name
      flow.info("one", a: 1)
      flow.warn("two")
      assert_equal 2, flow.step_index
      :value
    end
    assert_equal :value, value
    assert_raises(RuntimeError) { log.flow("failing") { raise "boom" } }
    assert_equal [0, 1, 0], entries(log).map { |entry| entry["stepIndex"] }
    assert_equal "boom", entries(log).last["data"]["message"]
  end

  def test_what_is_refused_is_told_and_the_program_goes_on
    log = client
    assert_equal false, log.info("")
    assert_equal false, log.info("too many", tags: ["t"] * 21)
    assert_equal false, log.entry(level: :bogus, message: "m")
    assert_equal false, log.ingest_raw("x", :xml)
    assert_equal 4, @errors.size, @errors.inspect
    strict = client(raise_exceptions: true)
    assert_raises(Maxim::InvalidArgumentError) { strict.info("") }
  end

  def test_a_flow_that_is_refused_is_told_and_the_work_is_done
    log = client(lossy: false)
    done = log.flow("x" * 100) do |flow|
      assert_equal [nil, nil, -1], [flow.id, flow.name, flow.step_index]
      assert_equal [false, false], [flow.info("step"), flow.error(RuntimeError.new("boom"))]
      :done
    end
    assert_equal :done, done
    assert_equal 3, @errors.size, @errors.inspect
    @errors.each { |error| assert_match(/name: 1 to 41 characters/, error.message) }
    assert_raises(Maxim::InvalidArgumentError) { log.flow("", remote: true) }
    assert_raises(Maxim::InvalidArgumentError) { client(lossy: false, raise_exceptions: true).flow("") }
    assert log.info("kept")
    assert_equal [%w[info kept]], messages(log)

    assert log.close
    assert_equal false, log.flow("late") { |flow| flow.info("step") }
    assert_kind_of Maxim::ClosedError, @errors.last
  end

  def test_use_after_close_is_an_error
    log = client
    flow = log.flow("f")
    assert log.close
    assert log.close
    assert_equal false, log.info("late")
    assert_equal false, flow.info("late")
    assert_equal [Maxim::ClosedError] * 2, @errors.map(&:class)
  end

  def test_flush_async_and_stats
    log = client
    log.info("m")
    told = []
    log.flush_async { |error| told << error }
    eventually("the flush") { log.poll && !told.empty? }
    assert_equal [[nil], 1], [told, log.stats[:delivered]]
  end

  def test_a_thread_that_waits_can_be_killed
    @server.control(status: 503)
    log = client
    log.info("m")
    thread = Thread.new { log.flush(timeout: 600) }
    eventually("the wait") { thread.stop? }
    thread.kill
    assert thread.join(20), "the flush did not end"
  end

  def test_a_semantic_logger_appender_passes_events_on
    begin
      require "semantic_logger"
    rescue LoadError
      warn "semantic_logger is not installed: its appender is tested against a stand-in"
      $LOAD_PATH.unshift(File.join(__dir__, "fixtures"))
    end
    require "maxim/semantic_logger"
    log = client
    appender = Maxim::SemanticLoggerAppender.new(log)
    event = SemanticLogger::Log.new("Shop", :fatal)
    event.message = "gone"
    event.tags = ["t"]
    event.payload = { order: 7 }
    event.exception = raised
    appender.log(event)
    entry = entries(log).first
    assert_equal ["error", "gone", %w[t fatal], "ArgumentError"], entry.values_at("level", "message", "tags", "errorName")
    assert_equal ["Shop", { "order" => 7 }], entry["data"].values_at("name", "payload")
  end

  def test_gc_stress_harms_no_entry
    log = client
    GC.stress = true
    flow = log.flow("f")
    log.info("m", { a: [1, { b: 2 }] }, tags: ["t"])
    log.error("e", ArgumentError.new("x"))
    flow.info("step", c: 3)
    log.entry(level: :warn, message: "full", data: { d: 1 }, request_id: "r", timestamp: Time.now)
    GC.stress = false
    flow = nil
    GC.start
    assert_equal %w[m e step full], entries(log).map { |entry| entry["message"] }
  end

  def test_data_in_braces_behind_an_exception_is_data_and_raises_nothing
    log = client
    error = RuntimeError.new("declined")
    assert log.error("failed", error, { order: 7 })
    assert log.warn("failed", nil, { "order" => 7 })
    assert log.info("failed", { a: 1 }, 7)
    assert log.flow("f").info("step", error, { order: 7 })
    failed, warned, valued, step = entries(log)
    assert_equal ["RuntimeError", 7], [failed["errorName"], failed["data"]["order"]]
    assert_equal({ "order" => 7 }, warned["data"])
    assert_equal({ "a" => 1, "value" => 7 }, valued["data"])
    assert_equal 7, step["data"]["order"]
  end
end
