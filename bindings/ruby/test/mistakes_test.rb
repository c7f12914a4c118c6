# frozen_string_literal: true

require_relative "helper"

# What a new user gets wrong first: the message names what is wrong, the value and the remedy.
class MistakesTest < MaximTest
  def logger_with(**options) = Maxim::Logger.new(**{ base_url: @server.url, repository_id: "r", spool_dir: @spool, exit_timeout: nil, api_key: "k" }.merge(options))

  def client_with(**options) = Maxim::LogClient.new(**{ endpoint: @server.url, source: "s", spool_dir: @spool, exit_timeout: nil, api_key: "k" }.merge(options))

  # What makes no logger or client.
  MAKING = {
    ["flush_interval_ms", "\"soon\"", "a whole number of milliseconds from 0"] => ->(test) { test.logger_with(flush_interval_ms: "soon") },
    ["baseurl", "did you mean base_url"] => ->(test) { test.logger_with(baseurl: "http://127.0.0.1:1") },
    ["repo_id", "did you mean repository_id"] => ->(test) { test.logger_with(repo_id: "r") },
    ["environment", ":prod", "give one of :development, :staging, :production"] => ->(test) { test.client_with(environment: :prod) },
    ["overflow_policy", ":explode", "give one of :drop_oldest, :drop_newest, :block"] => ->(test) { test.logger_with(overflow_policy: :explode) },
    ["level", ":verbose", "debug, info, warn, error"] => ->(test) { test.client_with(level: :verbose) },
    ["is_debug", "\"false\"", "give true or false"] => ->(test) { test.logger_with(is_debug: "false") },
    ["api_key", "MAXIM_API_KEY"] => ->(test) { test.logger_with(api_key: nil) },
    ["repository_id", "MAXIM_LOG_REPO_ID"] => ->(test) { test.logger_with(repository_id: nil) },
    ["http", "example.invalid"] => ->(test) { test.logger_with(base_url: "http://example.invalid") },
    ["source"] => ->(test) { test.client_with(source: "") }
  }.freeze

  MAKING.each do |words, make|
    define_method("test_#{words.first}_that_is_wrong_is_named_with_#{words.drop(1).join("_and_").gsub(/\W+/, "_")}") do
      error = assert_raises(Maxim::Error, ArgumentError) { make.call(self) }
      words.each { |word| assert_includes error.message, word }
    end
  end

  # What is told of a log call, which is made all the same where there is something to send.
  LOGGING = {
    ["there is no sessionId", "did you mean session_id"] => [:logger, ->(log) { log.trace("t", sessionId: "s") }],
    ["there is no requestId", "did you mean request_id"] => [:client, ->(log) { log.entry(message: "m", requestId: 1) }],
    ["level is :warning", ":debug, :info, :warn, :error"] => [:client, ->(log) { log.entry(level: :warning, message: "m") }],
    ["format is :xml", ":json, :jsonl, :syslog, :text, :csv, :obl"] => [:client, ->(log) { log.ingest_raw_async("x", :xml) }],
    ["entity is :traces", ":session, :trace"] => [:logger, ->(log) { log.commit(:traces, "id", "update", {}) }],
    ["one of path:, data: and url:"] => [:logger, ->(log) { log.trace("t").add_attachment(name: "n") }]
  }.freeze

  def test_mistakes_in_log_calls_are_told_and_raise_only_if_asked
    LOGGING.each do |words, (kind, call)|
      @errors.clear
      call.call(public_send(kind, lossy: true))
      assert_equal 1, @errors.size, words.first
      words.each { |word| assert_includes @errors.first.message, word }
      assert_raises(Maxim::InvalidArgumentError, words.first) { call.call(public_send(kind, raise_exceptions: true)) }
    end
  end
end
