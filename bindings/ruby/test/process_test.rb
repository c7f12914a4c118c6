# frozen_string_literal: true

require_relative "helper"

# What happens when processes fork, end, or are killed: nothing is lost, nothing is sent twice.
class ProcessTest < MaximTest
  WRITERS = 4
  RECORDS = 300

  def assert_complete(count)
    eventually("#{count} records") { @server.sequences["totals"]["unique"] >= count }
    totals = @server.sequences["totals"]
    assert_equal [count, 0, 0], totals.values_at("unique", "duplicates", "missing"), totals.inspect
  end

  def test_children_of_process_fork_log_with_the_handles_they_inherit
    ruby(<<~RUBY)
      logger = Maxim::Logger.new
      trace = logger.trace("parent")
      log = ->(name) { #{RECORDS}.times { |n| trace.add_tag("n", "seq-\#{name}-\#{n}") or abort "refused" } }
      log.("parent1")
      children = #{WRITERS}.times.map { |i| fork { log.("child\#{i}"); exit(logger.flush ? 0 : 3) } }
      log.("parent2")
      abort "a child failed" unless children.map { |pid| Process.wait2(pid)[1].success? }.all?
    RUBY
    assert_complete((WRITERS + 2) * RECORDS)
  end

  def test_a_process_that_ends_without_closing_loses_nothing
    ruby(%(trace = Maxim::Logger.new.trace("t"); #{RECORDS}.times { |n| trace.add_tag("n", "seq-a-\#{n}") }))
    assert_complete(RECORDS)
  end

  def test_a_process_that_is_killed_leaves_its_records_to_the_next_logger
    ruby(<<~RUBY)
      pid = fork do
        trace = Maxim::Logger.new(auto_flush: false).trace("t")
        #{RECORDS}.times { |n| trace.add_tag("n", "seq-k-\#{n}") }
        Process.kill(:KILL, Process.pid)
        sleep
      end
      Process.wait(pid)
    RUBY
    log = logger
    log.flush_log_files
    assert_complete(RECORDS)
  end

  def test_the_end_of_a_process_waits_no_longer_than_it_was_told
    @server.control(status: 503)
    said = ruby(%(Maxim::Logger.new(exit_timeout: 0.2).trace("t").add_tag("n", "seq-late-0")
                  puts Process.clock_gettime(Process::CLOCK_MONOTONIC)))
    # The bound that matters: not the 10 s of a flush, nor for ever. How long a busy machine takes to start it does not.
    assert_operator Process.clock_gettime(Process::CLOCK_MONOTONIC) - Float(said.lines.last), :<, 8
    @server.control(status: nil)
    logger.flush_log_files
    assert_complete(1)
  end

  def test_a_daemon_goes_on_with_the_logger_it_was_started_with
    ruby(<<~RUBY)
      trace = Maxim::Logger.new.trace("t")
      trace.add_tag("n", "seq-before-0")
      Process.daemon(true, true)
      #{RECORDS}.times { |n| trace.add_tag("n", "seq-daemon-\#{n}") }
    RUBY
    # The process that called daemon left by _exit: its records are the next logger's to send.
    eventually("the daemon's records") { @server.sequences["totals"]["unique"] >= RECORDS }
    logger.flush_log_files
    assert_complete(RECORDS + 1)
  end

  # What is allocated, a subclass that does not call initialize, and whatever a handle's private half is given.
  def test_what_was_not_initialized_says_so_whatever_it_is_called_with
    output = ruby(<<~RUBY, "-W0")
      client = Class.new(Maxim::LogClient) { def initialize; end }
      logger = Class.new(Maxim::Logger) { def initialize; end }
      kinds = Maxim.constants.map { |name| Maxim.const_get(name) }.grep(Class) + [Maxim::LogClient::Handle, client, logger]
      # Errors and RawJson have no handle, and a flow no allocate.
      kinds = kinds.reject { |kind| kind <= Exception || kind <= Struct || kind == Maxim::Flow }
      called = 0
      kinds.each do |kind|
        names = kind.ancestors.take_while { |above| above != Object }.flat_map { |above| above.instance_methods(false) + above.private_instance_methods(false).grep(/_native\z/) }
        (names.uniq - %i[initialize]).each do |name|
          arity = kind.instance_method(name).arity
          [nil, "x", 1, [], {}].each do |given|
            called += 1
            kind.allocate.__send__(name, *[given] * (arity.negative? ? -arity - 1 : arity)) { nil }
          rescue ArgumentError, TypeError, Maxim::Error
            nil # says what is wrong with what was given, or that there is no handle
          rescue RuntimeError => e
            raise unless e.message == "not initialized"
          rescue NoMethodError => e
            # Of what was given; nothing of the binding's own is nil.
            raise if e.receiver.nil? && !given.nil?
          end
        end
      end
      puts "called" if called > 1000
    RUBY
    assert_equal "called", output.lines.last&.chomp
  end

  def test_a_copy_a_dump_and_another_ractor_get_a_clear_error_and_the_handle_goes_on
    output = ruby(<<~RUBY, "-W0")
      log = Maxim::Logger.new
      app = Maxim::LogClient.new(source: "s")
      trace = log.trace("t")
      flow = app.flow("f")
      [log, trace, flow].each do |each|
        [-> { each.dup }, -> { each.clone }, -> { Marshal.dump(each) }, -> { Ractor.make_shareable(each) },
         -> { Ractor.new(each) { |it| it.inspect }.take }, -> { Ractor.new(each, &:inspect).take }].each do |wrong|
          wrong.call
          puts "none: \#{each.class}"
        rescue TypeError, Ractor::Error, ArgumentError => e
          print "." unless e.message.empty?
        end
      end
      copy = app.dup
      copy.close
      puts copy.closed? && app.closed? && app.info("refused") == false
      puts trace.add_tag("seq", "seq-0"), log.close, trace.add_tag("k", "v"), log.closed?
    RUBY
    assert_equal ["..................true", "true", "true", "false", "true"], output.lines(chomp: true)
  end

  def test_a_process_that_is_forked_in_a_block_ends_its_own_part_only
    ruby(<<~RUBY, "-W0")
      log = Maxim::Logger.new
      log.trace("t", id: "block") do |trace|
        pid = fork { trace.add_tag("n", "seq-child-0"); log.close }
        Process.wait(pid)
        trace.add_tag("n", "seq-parent-0")
      end
      log.close
    RUBY
    logger.flush_log_files
    assert_complete(2)
  end

  def test_a_ractor_is_refused_with_a_clear_error
    output = ruby(<<~RUBY, "-W0")
      begin
        Ractor.new { Maxim::Logger.new }.take
      rescue Ractor::RemoteError => e
        puts "\#{e.cause.class}: \#{e.cause.message}"
      end
    RUBY
    assert_match(/Maxim::RactorError: a Maxim::Logger belongs to the main Ractor/, output)
  end

  def test_ctrl_c_ends_a_program_that_flushes
    @server.control(status: 503)
    # Ruby leaves the signal ignored if it was so in whoever started the tests, as jobs in the background are.
    output = ruby(<<~RUBY)
      trap(:INT, "DEFAULT")
      logger = Maxim::Logger.new(exit_timeout: nil)
      logger.trace("t")
      main = Thread.current
      Thread.new do
        Thread.pass until main.stop?
        Process.kill(:INT, Process.pid)
      end
      begin
        logger.flush(timeout: 600)
      rescue Interrupt
        puts "interrupted"
      end
    RUBY
    assert_equal "interrupted\n", output
  end

  def test_logging_from_a_signal_handler_works
    ruby(<<~RUBY)
      logger = Maxim::Logger.new
      trace = logger.trace("t")
      done = false
      trap(:USR1) { done = trace.add_tag("n", "seq-signal-0") }
      Process.kill(:USR1, Process.pid)
      Thread.pass until done
    RUBY
    assert_complete(1)
  end
end

# Preforking servers: the application is loaded, and its logger made, before the workers are forked.
class PreforkTest < MaximTest
  REQUESTS = 40

  def rackup
    File.join(__dir__, "fixtures", "app.ru")
  end

  include WebServer

  # Gives the processes that answered.
  def load_requests(port, log)
    eventually("the web server (#{File.read(log)})") do
      Net::HTTP.get(URI("http://127.0.0.1:#{port}/up")) == "up"
    rescue SystemCallError
      false
    end
    REQUESTS.times.map { |n| Net::HTTP.get(URI("http://127.0.0.1:#{port}/?n=#{n}")) }
  end

  # What a worker that was stopped at once could not send is sent by the next logger for the repository.
  def check
    log = logger
    eventually("#{REQUESTS} marked records") do
      log.flush_log_files
      @server.sequences["totals"]["unique"] >= REQUESTS
    end
    eventually("every trace's end") { ends == REQUESTS }
    totals = @server.sequences["totals"]
    assert_equal [REQUESTS, 0, 0], totals.values_at("unique", "duplicates", "missing"), totals.inspect
    assert_equal REQUESTS, @server.logged.count { |line| line.action == "create" }
    assert_equal REQUESTS, ends
  end

  def ends
    @server.logged.count { |line| line.entity == "trace" && line.action == "end" }
  end

  def test_puma_cluster_with_preload_loses_nothing_and_sends_nothing_twice
    skip "puma is not installed" unless system("puma --version", out: File::NULL, err: File::NULL)
    port = free_port
    with_server(["puma", "-w", "2", "-t", "2:2", "--preload", "-b", "tcp://127.0.0.1:#{port}", rackup]) do |log|
      load_requests(port, log)
    end
    check
  end

  def test_unicorn_with_preload_loses_nothing_and_sends_nothing_twice
    skip "unicorn is not installed" unless system("unicorn --version", out: File::NULL, err: File::NULL)
    port = free_port
    settings = File.join(@spool, "unicorn.rb")
    File.write(settings, "worker_processes 2\npreload_app true\n")
    with_server(["unicorn", "-c", settings, "-l", "127.0.0.1:#{port}", "-E", "none", rackup]) do |log|
      load_requests(port, log)
    end
    check
  end
end
