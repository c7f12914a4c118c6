# frozen_string_literal: true

require_relative "helper"

class ReadmeTest < MaximTest
  def test_the_readmes_example_runs_and_logs_what_it_says
    readme = File.read(File.join(ROOT, "bindings/ruby/README.md"))
    example = readme[/^```ruby\n(.*?)^```$/m, 1]
    around = File.join(__dir__, "fixtures/readme.rb")
    assert_empty ruby(example, "-r", around)
    # The end of the process waits for delivery, but not for ever.
    logger.flush_log_files
    client.flush
    eventually("the records") { @server.stats["entries"] == 2 && @server.logged.any? { |line| line.action == "end" && line.entity == "trace" } }
    made = @server.logged.map { |line| [line.entity, line.action] }
    [%w[trace create], %w[trace add-retrieval], %w[trace add-generation], %w[generation result], %w[trace add-tool-call],
     %w[trace update], %w[trace end]].each { |line| assert_includes made, line }
  end
end
