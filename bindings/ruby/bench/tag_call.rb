# frozen_string_literal: true

# The cost of one tag call in nanoseconds: the best of several rounds, without the loop's own cost.
# Measured as processor time of the calling thread, which the machine's other work does not change.
require "maxim"
require "tmpdir"

CALLS = 100_000
ROUNDS = 5

def cost
  start = Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID, :nanosecond)
  yield
  (Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID, :nanosecond) - start).fdiv(CALLS)
end

def measure(spool)
  # Nobody listens on port 9: records are kept, and nothing of the delivery is measured.
  logger = Maxim::Logger.new(base_url: "http://127.0.0.1:9", api_key: "bench", repository_id: "bench",
                             spool_dir: spool, exit_timeout: nil)
  trace = logger.trace("bench")
  best = ROUNDS.times.map do
    calls = cost { i = 0; (trace.add_tag("key", "value"); i += 1) while i < CALLS }
    loop = cost { i = 0; (i += 1) while i < CALLS }
    calls - loop
  end.min
  puts format("ruby %s: trace.add_tag %.0f ns", RUBY_VERSION, best)
end

# In a process of its own: its threads write to the spool until it has ended.
Dir.mktmpdir { |spool| Process.wait(fork { measure(spool) }) }
