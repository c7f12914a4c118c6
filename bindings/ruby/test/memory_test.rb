# frozen_string_literal: true

require_relative "helper"

class MemoryTest < MaximTest
  CALLS = 1_000_000
  # What eight bytes leaked in each call would cost; without a leak it is half a megabyte at most.
  GROWTH_KB = 8 * 1024

  def test_a_million_calls_do_not_grow_the_process
    output = ruby(<<~RUBY)
      def rss = File.read("/proc/self/status")[/^RssAnon:\\s+(\\d+)/, 1].to_i
      logger = Maxim::Logger.new
      trace = logger.trace("t")
      work = lambda do |count|
        count.times do |i|
          case i % 8
          when 0 then trace.add_event("e", tags: { a: i })
          when 1 then trace.span("s", tags: { b: i })
          when 2 then Maxim::Trace.new(logger, "/").end
          else trace.add_tag("key", "value")
          end
        end
        logger.flush(timeout: 60)
      end
      grown = lambda do |count|
        before = rss
        work.(count)
        GC.start
        rss - before
      end
      grown.(#{CALLS / 10})
      # A leak grows each time; what a busy machine makes the delivery hold for once does not.
      least = #{GROWTH_KB}
      5.times { least = [least, grown.(#{CALLS})].min if least >= #{GROWTH_KB} }
      puts least
    RUBY
    assert_operator output.to_i, :<, GROWTH_KB
  end

  def test_every_kind_of_call_survives_gc_stress
    output = ruby(<<~RUBY)
      logger = Maxim::Logger.new
      GC.stress = true
      3.times do
        logger.session("s", tags: { a: [1, "x"] }) do |session|
          session.trace("t", input: "i" * 10) do |trace|
            trace.add_event("e", id: "e-1", tags: { a: 1 }, metadata: { b: { c: 2 } })
            trace.add_tag("k".encode("UTF-16LE"), :value)
            trace.add_feedback({ score: 1 })
            trace.generation("g", provider: "openai", model: "m", messages: [{ role: "user", content: "hi" }],
                             model_parameters: { t: 0.5 }) { |g| g.add_cost(input: 1.0, output: 2.0) }
            trace.tool_call("t", args: { a: 1 }) { |tool| tool.result({ b: 2 }) }
            trace.retrieval("r") { |r| r.input = "q"; r.output = ["d"] }
            trace.evaluate("e", variables: { v: "1" })
            begin
              trace.span("s") { raise "x" }
            rescue RuntimeError
              nil
            end
            Maxim::Trace.new(logger, "/").end
          end
        end
      end
      GC.stress = false
      GC.compact if GC.respond_to?(:compact)
      puts logger.flush, logger.stats[:accepted]
    RUBY
    # 24 lines a turn: 2 session, 4 trace, event, tag, feedback, 3 generation, 3 tool, 4 retrieval,
    # evaluate, 3 span, and the error on the trace's span is among these.
    delivered, accepted = output.split
    assert_equal "true", delivered
    assert_equal @server.stats["lines"], accepted.to_i
  end

  def test_loggers_that_nothing_refers_to_are_freed_and_their_records_still_arrive
    output = ruby(<<~RUBY)
      20.times { |i| Maxim::Logger.new(exit_timeout: nil).trace("t").add_tag("n", "seq-free-\#{i}") }
      GC.start
      log = Maxim::Logger.new
      log.flush_log_files(timeout: 120)
      puts ObjectSpace.each_object(Maxim::Logger).count
    RUBY
    assert_operator output.to_i, :<, 10
    log = logger
    eventually("the records of freed loggers") { log.flush_log_files && @server.sequences["totals"]["unique"] == 20 }
    assert_equal 0, @server.sequences["totals"]["duplicates"]
  end
end
