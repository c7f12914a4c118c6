# frozen_string_literal: true

require "timeout"
require_relative "helper"

class LoggerTest < MaximTest
  def arrived(log)
    assert log.flush, "not everything arrived: #{log.stats}"
    @server.logged
  end

  def test_blocks_end_what_they_start_and_give_their_value
    log = logger
    value = log.session("s") do |session|
      session.trace("t") do |trace|
        trace.span("outer") { |span| span.span(name: "inner") { |inner| inner.retrieval("r") { 42 } } }
      end
    end
    assert_equal 42, value
    ends = arrived(log).select { |line| line.action == "end" }.map(&:entity)
    assert_equal %w[retrieval span span trace session], ends
  end

  def test_what_a_result_ended_is_not_ended_again
    log = logger
    log.trace("t") do |trace|
      trace.tool_call("tool") { |tool| tool.result("done") }
      trace.retrieval("r") { |retrieval| retrieval.output = ["d"] }
    end
    ends = arrived(log).select { |line| line.action == "end" }.map(&:entity)
    assert_equal %w[tool_call retrieval trace], ends
  end

  def test_errors_raised_in_blocks_are_logged_and_raised_again
    log = logger
    raised = assert_raises(KeyError) do
      log.trace("t") { |trace| trace.generation("g", model: "m") { {}.fetch(:missing) } }
    end
    lines = arrived(log)
    assert_equal raised.message, lines.find { |line| line.action == "result" }.data.dig("result", "error", "message")
    error = lines.find { |line| line.action == "add-error" }.data
    assert_equal "KeyError", error["name"]
    assert_equal raised.message, error["message"]
    assert_match(/logger_test/, error["metadata"]["stack"])
    assert_equal %w[generation trace], lines.select { |line| line.action == "end" }.map(&:entity)
  end

  def test_what_comes_of_nothing_ends_all_the_same
    log = logger
    trace = log.trace("t")
    trace.generation("g").result(nil)
    trace.tool_call("tool").result(nil)
    trace.retrieval("r").output = nil
    assert_equal %w[generation tool_call retrieval], arrived(log).select { |line| line.action == "end" || line.data.key?("endTimestamp") }.map(&:entity).uniq
  end

  def test_a_result_is_refused_for_its_shape_only_if_asked
    log = logger
    generation = log.trace("t").generation("g")
    assert_equal false, generation.result({ odd: 1 }, strict: true)
    assert_equal [Maxim::InvalidResultError], @errors.map(&:class)
    refute_predicate generation, :ended?
    assert generation.result({ odd: 1 })
    assert_predicate generation, :ended?
    assert_equal({ "odd" => 1 }, Maxim.normalise_result({ odd: 1 }))
    assert_raises(Maxim::InvalidResultError) { Maxim.normalise_result({ odd: 1 }, strict: true) }
    chat = { id: "c", object: "chat.completion", model: "m", created: 1, choices: [{ message: { role: "assistant", content: "x" * 100_000 } }] }
    assert_equal 100_000, Maxim.normalise_result(chat).dig("choices", 0, "message", "content").size
  end

  def test_an_error_has_tags_and_metadata_later
    log = logger
    log.trace("t").add_error("failed", id: "error-1")
    error = Maxim::LoggedError.new(log, "error-1")
    assert error.add_tag("k", "v")
    assert error.add_metadata({ more: 1 })
    assert_equal [{ "tags" => { "k" => "v" } }, { "metadata" => { "more" => "1" } }],
                 arrived(log).select { |line| line.entity == "error" && line.id == "error-1" }.map(&:data)
  end

  def test_exceptions_carry_backtrace_and_cause
    log = logger
    begin
      begin
        raise IOError, "inner"
      rescue IOError
        raise ArgumentError, "outer"
      end
    rescue ArgumentError => e
      log.trace("t").add_error(e, code: "E1")
    end
    data = arrived(log).last.data
    assert_equal %w[ArgumentError outer E1], data.values_at("name", "message", "code")
    cause = data["metadata"]["cause"]
    cause = JSON.parse(cause) if cause.is_a?(String)
    assert_equal %w[IOError inner], cause.values_at("name", "message")
  end

  def test_strings_of_other_encodings_arrive_as_the_same_text
    log = logger
    trace = log.trace("t")
    text = "naïve façade"
    [text, text.encode("UTF-16LE"), text.encode("ISO-8859-1"), text.b].each { |each| assert trace.add_tag("k", each) }
    assert trace.add_tag("ascii".encode("US-ASCII"), :symbol)
    tags = arrived(log).last(5).map { |line| line.data["tags"] }
    assert_equal [{ "k" => text }] * 4 + [{ "ascii" => "symbol" }], tags
  end

  def test_what_cannot_be_logged_is_refused_and_told_and_the_program_goes_on
    log = logger
    trace = log.trace("t")
    cycle = {}
    cycle[:self] = cycle
    hostile = Object.new
    def hostile.to_s = raise("no text")
    def hostile.to_json(*) = raise("no json")

    refusals = {
      -> { trace.add_tag("k", "\xff") } => Maxim::InvalidUtf8Error,
      -> { trace.add_tag("k", "\xd8\x00".dup.force_encoding("UTF-16BE")) } => Maxim::InvalidUtf8Error,
      -> { trace.add_tag("k", hostile) } => Maxim::InvalidArgumentError,
      -> { trace.add_metadata(cycle) } => Maxim::InvalidJsonError,
      -> { trace.add_metadata({ a: Float::NAN }) } => Maxim::InvalidJsonError,
      -> { trace.add_metadata({ a: hostile }) } => Maxim::InvalidJsonError,
      -> { trace.add_metric("m", nil) } => Maxim::InvalidArgumentError,
      -> { trace.add_metric("m", Float::INFINITY) } => Maxim::InvalidArgumentError,
      -> { trace.set_start_timestamp("yesterday") } => Maxim::InvalidArgumentError,
      -> { trace.evaluate } => Maxim::InvalidArgumentError,
      -> { Maxim::Trace.new(log, "bad/id").end } => Maxim::InvalidIdError,
      -> { log.commit(:no_such, "id", "update", {}) } => Maxim::InvalidArgumentError
    }
    if trace.respond_to?(:add_attachment)
      refusals[-> { trace.add_attachment(name: "of nothing") }] = Maxim::InvalidArgumentError
    end
    refusals.each do |call, error|
      @errors.clear
      assert_equal false, call.call
      assert_equal [error], @errors.map(&:class), @errors.inspect
    end
    assert_equal 1, arrived(log).size
  end

  def test_strict_mode_raises_the_error_of_the_status
    log = logger(raise_exceptions: true)
    trace = log.trace("t")
    assert_raises(Maxim::InvalidIdError) { log.trace(id: "no good") }
    assert_raises(Maxim::InvalidJsonError) { trace.add_metadata(Maxim::RawJson.new("{")) }
    assert_empty @errors
    log.close
    assert_raises(Maxim::ClosedError) { trace.end }
  end

  def test_a_refused_creation_still_runs_its_block
    log = logger
    assert_equal 5, log.trace("t", id: "no good") { |trace| trace.logged? ? 0 : 5 }
    assert_equal [Maxim::InvalidIdError], @errors.map(&:class).uniq
  end

  def test_use_after_close_is_an_error_and_closing_twice_is_not
    log = logger
    trace = log.trace("t")
    assert log.close
    assert log.close
    assert_equal false, trace.add_tag("k", "v")
    assert_equal [Maxim::ClosedError], @errors.map(&:class)
    assert_equal 1, log.stats[:delivered]
  end

  def test_handles_cannot_be_made_or_copied_behind_the_bindings_back
    log = logger
    assert_raises(TypeError) { log.dup }
    assert_raises(TypeError) { log.trace("t").clone }
    assert_equal false, Maxim::Logger.allocate.__send__(:native_config, {}).nil?
    assert_raises(Maxim::Error) { Maxim::Logger.allocate.stats }
    assert_raises(RuntimeError) { Maxim::Trace.allocate.end }
    assert_raises(TypeError) { Maxim::Trace.new(Object.new, "id") }
    assert_raises(TypeError) { Maxim::Trace.new(nil, "id") }
  end

  def test_bad_configuration_raises_and_names_what_is_wrong
    assert_raises(Maxim::InvalidArgumentError) { logger(flush_interval_ms: 0) }
    assert_raises(Maxim::InvalidArgumentError) { logger(overflow_policy: :explode) }
    assert_match(/did you mean flush_interval_ms/, assert_raises(Maxim::InvalidArgumentError) { logger(flush_interval: 3) }.message)
    assert_raises(Maxim::NotConfiguredError) { Maxim::Logger.new(base_url: @server.url, repository_id: "r", spool_dir: @spool) }
  end

  def test_any_value_that_has_json_can_be_logged
    log = logger
    trace = log.trace("t", tags: { number: 1, flag: true }, start_timestamp: Time.at(1_700_000_000, 250_000, :usec))
    point = Struct.new(:x, :y) { def to_json(*args) = to_h.to_json(*args) }
    trace.add_metadata({ point: point.new(1, 2), at: Time.utc(2026, 1, 2), sym: :bol, raw: Maxim::RawJson.new('{"a":[1]}') })
    lines = arrived(log)
    assert_equal({ "number" => "1", "flag" => "true" }, lines[0].data["tags"])
    assert_equal Time.at(1_700_000_000.25r), Time.iso8601(lines[0].data["startTimestamp"])
    metadata = lines[1].data["metadata"]
    assert_equal({ "x" => 1, "y" => 2 }, JSON.parse(metadata["point"]))
    assert_equal "bol", metadata["sym"]
    assert_equal({ "a" => [1] }, JSON.parse(metadata["raw"]))
    assert_equal Time.utc(2026, 1, 2), Time.iso8601(metadata["at"])
  end

  def test_an_entity_can_be_continued_by_its_id
    log = logger
    id = log.trace("t").id
    assert Maxim::Trace.new(log, id).set_output("from elsewhere")
    assert_equal({ "output" => "from elsewhere" }, arrived(log).last.data)
    assert_predicate id, :frozen?
  end

  # A thread that works once the caller's does not run.
  def while_this_thread_waits
    caller_thread = Thread.current
    Thread.new do
      Thread.pass until caller_thread.stop?
      yield
    end
  end

  def test_flush_leaves_other_threads_running
    @server.control(status: 503)
    log = logger(auto_flush: false)
    log.trace("t")
    turns = 0
    # Without it nobody would let the flush succeed.
    other = while_this_thread_waits do
      10.times { turns += 1 and sleep 0.001 }
      @server.control(status: nil)
    end
    assert log.flush(timeout: 120), "the flush held the GVL"
    other.join
    assert_equal 10, turns
  end

  # Far beyond what the tests wait for a thread to end.
  LONG = 600

  def waiting(&work)
    thread = Thread.new(&work)
    thread.report_on_exception = false
    eventually("the wait") { thread.stop? }
    thread
  end

  def test_a_thread_that_waits_can_be_killed_interrupted_and_timed_out
    @server.control(status: 503)
    log = logger
    log.trace("t")
    killed = waiting { log.flush(timeout: LONG) }
    killed.kill
    assert killed.join(120), "the flush did not end"
    raised = waiting { log.flush_commit_logs(timeout: LONG) }
    raised.raise(IOError, "enough")
    assert_raises(IOError) { raised.join(120) or flunk "the flush did not end" }
    assert_raises(Timeout::Error) { Timeout.timeout(0.1) { log.flush(timeout: LONG) } }
    @server.control(status: nil)
    assert log.flush(timeout: 120)
    assert_equal 1, log.stats[:delivered]
  end

  def test_closing_can_be_interrupted_and_the_object_be_collected
    @server.control(status: 503)
    log = Maxim::Logger.new(base_url: @server.url, repository_id: "repo-1", **config)
    log.trace("t").add_tag("n", "seq-closed-0")
    killed = waiting { log.close(timeout: LONG) }
    killed.kill
    assert killed.join(120), "the closing did not end"
    killed = log = nil
    GC.start
    @server.control(status: nil)
    # The closing goes on by itself, or the collected logger leaves the record to the next.
    log = logger
    eventually("the record") do
      log.flush_log_files
      @server.sequences["totals"]["unique"] == 1
    end
  end

  def test_a_signal_handler_runs_while_a_flush_waits_which_goes_on
    @server.control(delay_ms: 300)
    log = logger(auto_flush: false)
    log.trace("t")
    handled = 0
    before = trap(:USR1) { handled += 1 }
    sender = while_this_thread_waits { Process.kill(:USR1, Process.pid) }
    assert log.flush
    sender.join
    eventually("the handler") { handled == 1 }
  ensure
    trap(:USR1, before)
  end

  def test_flush_says_what_did_not_arrive_and_keeps_it
    @server.control(status: 503)
    log = logger
    log.trace("t")
    assert_equal false, log.flush(timeout: 0.2)
    assert_equal 1, log.stats[:held]
    @server.control(status: nil)
    assert log.flush
  end

  def test_flush_async_tells_its_block_on_a_later_call
    log = logger
    log.trace("t")
    told = []
    log.flush_async { |error| told << error }
    eventually("the flush") { log.poll && told.any? || !told.empty? }
    assert_equal [nil], told
    @server.control(status: 503)
    log.trace("t2")
    log.flush_async(timeout: 0.1) { |error| told << error }
    eventually("the second flush") { log.poll && told.size == 2 }
    assert_instance_of Maxim::TimeoutError, told.last
  end

  def test_errors_of_the_librarys_threads_reach_the_handler_on_a_ruby_thread
    @server.control(unauthorized: true)
    threads = []
    log = logger(on_error: ->(error) { threads << Thread.current and @errors << error })
    log.trace("t")
    log.flush(timeout: 0.2)
    eventually("the error") { log.poll && @errors.any? }
    assert_instance_of Maxim::UnauthorizedError, @errors.first
    assert_equal [Thread.current], threads.uniq
  end

  def test_a_handler_that_raises_or_logs_does_no_harm
    log = nil
    log = logger(on_error: lambda { |_error|
      log.poll
      raise "from the handler"
    })
    _, warning = capture_io { assert_equal false, Maxim::Trace.new(log, "/").end }
    assert_match(/from the handler/, warning)
  end

  def test_debug_lines_reach_their_handler
    lines = []
    log = logger(is_debug: true, on_debug: lines.method(:<<))
    log.trace("t")
    log.flush
    eventually("debug output") { log.poll && lines.any? }
  end

  def test_a_sink_gets_every_record_too
    second = DevServer.new
    log = logger
    sink = log.add_sink(base_url: second.url, api_key: "other", repository_id: "repo-2", spool_dir: @spool)
    log.trace("t")
    eventually("the copy") { log.flush && second.stats["lines"] == 1 }
    assert_equal 1, log.sink_stats(sink)[:accepted]
  ensure
    second.stop
  end

  def test_many_threads_log_without_loss
    log = logger
    threads = 8.times.map do |writer|
      Thread.new do
        trace = log.trace("t")
        500.times { |number| trace.add_tag("n", "seq-w#{writer}-#{number}") }
      end
    end
    threads.each(&:join)
    assert log.flush
    totals = @server.sequences["totals"]
    assert_equal [4000, 0, 0], totals.values_at("unique", "duplicates", "missing"), totals.inspect
  end

  def test_large_texts_are_logged_without_the_gvl
    log = logger
    trace = log.trace("t")
    assert trace.set_input("x" * 600_000)
    assert_equal 600_000, arrived(log).last.data["input"].size
  end
end
