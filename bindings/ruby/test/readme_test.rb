# frozen_string_literal: true

require_relative "helper"

class ReadmeTest < MaximTest
  EXAMPLE = File.read(File.join(ROOT, "bindings/ruby/README.md"), encoding: "UTF-8")[/^```ruby\n(.*?)^```$/m, 1]

  # The example in a process of its own, which must end well; what it printed.
  def example = ruby(EXAMPLE, "-r", File.join(__dir__, "fixtures/readme.rb"))

  def test_with_a_key_that_is_refused_the_example_ends_well_and_says_so
    @server.control(unauthorized: true)
    said = example
    assert_match(/UnauthorizedError/, said) # to on_error
    assert_equal 1, said.scan(/^maxim: .*UnauthorizedError; set on_error: to receive/).size, said # of the client, which has none
  end

  def test_with_nobody_there_the_example_ends_well_and_says_so
    @server.stop
    said = example
    assert_match(/NetworkError/, said)
    assert_equal 1, said.scan(/^maxim: .*NetworkError; set on_error: to receive/).size, said
    @server = DevServer.new
  end

  def test_the_readmes_example_runs_and_logs_what_it_says
    assert_empty example
    # The end of the process waits for delivery, but not for ever.
    logger.flush_log_files
    client.flush
    eventually("the records") { @server.stats["entries"] == 2 && @server.logged.any? { |line| line.action == "end" && line.entity == "trace" } }
    made = @server.logged.map { |line| [line.entity, line.action] }
    [%w[trace create], %w[trace add-retrieval], %w[trace add-generation], %w[generation result], %w[trace add-tool-call],
     %w[trace update], %w[trace end]].each { |line| assert_includes made, line }
  end
end
