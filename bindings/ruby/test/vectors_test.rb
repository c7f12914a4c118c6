# frozen_string_literal: true

require_relative "helper"

# Replays what the public clients were called with, and compares what reached the server.
class VectorsTest < MaximTest
  VECTORS = File.join(ROOT, "tests/vectors")

  # Steps whose call is to come out differently, and why. Everything else is the same, but for tags: the
  # captured client sends values that are not strings as they are in some calls.
  DIFFERENT = {
    6 => "tag values that are no strings are sent as JSON, not as Python writes them",
    49 => "tags that are absent are an empty object, given as nil or not",
    58 => "a tag without a value is refused, not sent as null",
    62 => "bytes that are no UTF-8 are refused, not replaced",
    84 => "a metric without a number is refused, not sent as null",
    96 => "an id that is not given is generated, not an error",
    158 => "a span within a span is begun by the span itself",
    190 => "an id that ends in a newline is refused"
  }.freeze
  COMPLETION = { "object" => "chat.completion", "model" => "gpt-4o" }.freeze
  # A result is never refused for its shape, as the captured client refuses these: what is sent instead.
  RESULTS = {
    135 => { "id" => "x", "choices" => "bad" },
    137 => "string",
    139 => { **COMPLETION, "id" => "<uuid>", "created" => "<now>", "model" => "gpt-5",
             "choices" => [{ "index" => 0, "message" => { "role" => "assistant", "content" => "no id/created" } }],
             "usage" => { "prompt_tokens" => 10, "completion_tokens" => 20, "total_tokens" => 30 } },
    141 => { **COMPLETION, "id" => "chatcmpl-1", "created" => 1_700_000_000,
             "choices" => [{ "index" => 0, "message" => { "role" => "assistant", "content" => "Hello!" },
                             "finish_reason" => "stop", "logprobs" => nil }],
             "usage" => { "prompt_tokens" => 2, "completion_tokens" => 1, "total_tokens" => 2 } }
  }.freeze
  UUID = /\h{8}-\h{4}-4\h{3}-[89ab]\h{3}-\h{12}/
  ISO_TIME = /\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/
  # The capture ran after this: later times are those of the capture, or of now.
  CAPTURED_AFTER = Time.utc(2026)
  CLASSES = { "session" => Maxim::Session, "trace" => Maxim::Trace, "span" => Maxim::Span,
              "generation" => Maxim::Generation, "retrieval" => Maxim::Retrieval,
              "tool_call" => Maxim::ToolCall }.freeze

  def steps(file)
    File.readlines(File.join(VECTORS, file)).map { |line| JSON.parse(line) }
  end

  # Arguments as a Ruby program would give them.
  def value(given)
    case given
    when Array then given.map { |each| value(each) }
    when Hash
      return instant(given["$dt"]) if given.key?("$dt")
      return given["$b64"].unpack1("m") if given.key?("$b64")

      %w[$att $entry $opt $raw].each { |mark| return symbols(given[mark]) if given.key?(mark) }
      given.transform_values { |each| value(each) }
    else given
    end
  end

  # A time without an offset is UTC, as the capture ran in UTC.
  def instant(text)
    Time.iso8601(text.match?(/(Z|[+-]\d\d:\d\d)\z/) ? text : "#{text}Z")
  end

  def symbols(hash)
    hash.to_h { |key, each| [key.to_sym, value(each)] }
  end

  # --- the Maxim log API ---------------------------------------------------------------------------

  def play(log, call, args)
    return log.public_send(call, **config_of(args[0])) if CLASSES.key?(call)

    kind = CLASSES.keys.find { |name| call.start_with?("#{name}_") }
    entity = CLASSES[kind].new(log, args[0])
    method = call.delete_prefix("#{kind}_")
    arguments = args.drop(1)
    case method
    when "add_event", "event"
      entity.public_send(method, arguments[1], id: arguments[0], tags: arguments[2], metadata: arguments[3])
    when "add_attachment"
      attachment = symbols(arguments[0])
      attachment.delete(:kind)
      attachment[:path] = File.join(VECTORS, attachment[:path]) if attachment[:path]
      entity.add_attachment(**attachment)
    when "add_cost", "error", "add_error" then entity.public_send(method, **symbols(arguments[0]))
    when "evaluate.with_evaluators" then entity.evaluate(arguments[0])
    when "evaluate.with_variables" then entity.evaluate(arguments[1], variables: arguments[0])
    when "evaluate.with_evaluators.with_variables"
      entity.evaluate(arguments[0])
      entity.evaluate(arguments[0], variables: arguments[1])
    when /\A(add_)?(trace|span|sub_span|generation|retrieval|tool_call)\z/
      entity.public_send(method, **config_of(arguments[0]))
    when "result"
      arguments[0] = Maxim::RawJson.new("null") if arguments[0].nil?
      entity.result(*arguments)
    else entity.public_send(method, *arguments)
    end
  end

  # What the captured client ignored, a keyword argument would not let pass.
  def config_of(given)
    symbols(given).except(:metadata, :unknown_key)
  end

  def test_every_call_gives_the_lines_of_the_captured_client
    log = logger
    seen = 0
    steps("maxim.jsonl").each do |step|
      next if DIFFERENT.key?(step["step"]) || beyond_the_library?(step)

      play(log, step["call"], value(step["args"]))
      log.flush
      lines = @server.logged
      given = JSON.generate(step["args"])
      assert_equal expected(step, given), comparable(lines.drop(seen), given), "step #{step["step"]}: #{step["call"]}"
      seen = lines.size
      assert_uploads(step)
    end
  end

  # Attachments, with a library from before they were added.
  def beyond_the_library?(step)
    !Maxim::Trace.method_defined?(:add_attachment) && JSON.generate(step).include?("add-attachment")
  end

  def test_what_differs_on_purpose_does
    log = logger
    by_step = steps("maxim.jsonl").to_h { |step| [step["step"], step] }
    refused = { 58 => Maxim::InvalidArgumentError, 62 => Maxim::InvalidUtf8Error,
                84 => Maxim::InvalidArgumentError, 190 => Maxim::InvalidIdError }
    refused.each do |number, error|
      @errors.clear
      assert_equal false, play(log, by_step[number]["call"], value(by_step[number]["args"])), "step #{number}"
      assert_equal [error], @errors.map(&:class)
    end
    assert_match UUID, play(log, "trace_add_tool_call", value(by_step[96]["args"])).id
  end

  def expected(step, given)
    if RESULTS.key?(step["step"])
      id = step["args"].first
      return comparable([WireLine.new("generation", id, "result", { "result" => RESULTS[step["step"]] }),
                         WireLine.new("generation", id, "end", { "endTimestamp" => Time.now.iso8601 })], given)
    end
    bodies = step["requests"].select { |request| request["method"] == "POST" }.map { |request| request["body"] }
    comparable(bodies.flat_map { |body| body.split("\n") }.map { |line| WireLine.parse(line) }, given)
  end

  # Attachments are told of when their upload has ended, which keeps no order among the lines.
  def comparable(lines, given)
    lines.map { |line| [line.entity, line.id, line.action, plain(line.action, line.data, given)].inspect }.sort
  end

  def plain(action, data, given)
    data = data.except("id") if action == "add-error" # the captured client omits it
    # And neither the size of a file nor the name of one that was given none.
    data = data.reject { |name, given| name == "size" || [name, given] == %w[name unknown.bin] } if action == "add-attachment"
    data = data.merge("tags" => data["tags"].transform_values { |tag| tag_text(tag) }) if data["tags"]
    normal(filled_in(data), given)
  end

  # A result's time that the library made.
  def filled_in(data)
    created = data["result"].is_a?(Hash) && data["result"]["created"]
    return data unless created.is_a?(Integer) && created > CAPTURED_AFTER.to_i

    data.merge("result" => data["result"].merge("created" => "<now>"))
  end

  def tag_text(tag)
    tag.is_a?(String) ? tag : JSON.generate(tag)
  end

  def normal(value, given)
    case value
    when Hash then value.sort.to_h { |key, each| [key, normal(each, given)] }
    when Array then value.map { |each| normal(each, given) }
    when ISO_TIME
      at = instant(value)
      at > CAPTURED_AFTER ? "<now>" : at.to_r
    when /\A[\[{]/ then json_text(value)
    when String then value.gsub(UUID) { |id| given.include?(id) ? id : "<uuid>" }
    when Numeric then value.to_f
    else value
    end
  end

  # JSON within a string is compared as JSON.
  def json_text(text)
    parsed = JSON.parse(text)
    # In tags, values within objects are texts too.
    parsed.is_a?(Hash) ? parsed.transform_values { |each| tag_text(each) }.inspect : parsed.inspect
  rescue JSON::ParserError
    text
  end

  def assert_uploads(step)
    @uploads ||= 0
    puts = step["requests"].select { |request| request["method"] == "PUT" }
    arrived = @server.requests.select { |request| request["method"] == "PUT" }
    assert_equal puts.map { |put| put["content_type"] }.sort,
                 arrived.drop(@uploads).map { |put| put["headers"].to_h.transform_keys(&:downcase)["content-type"] }.sort,
                 "uploads of step #{step["step"]}"
    @uploads = arrived.size
  end

  # --- the structured log API ----------------------------------------------------------------------

  def structured(config)
    config = config.except("flush_interval")
    level = config.delete("min_level")
    options = config.to_h { |key, each| [key.to_sym, each] }
    options[:environment] = options[:environment].to_sym
    Maxim::LogClient.new(endpoint: @server.url, **self.config.except(:api_key), flush_interval_ms: 60_000,
                         level: level || :debug, **options).tap { |made| @opened << made }
  end

  # A Ruby exception in place of the captured Python one: compared without name and stack.
  def error_of(mark)
    raise ArgumentError, mark
  rescue ArgumentError => e
    e
  end

  def entry_arguments(args)
    message, data, options = args
    data = data.is_a?(Hash) && data.key?("$exc") ? error_of(data["$exc"]) : value(data)
    [[message, data], options ? value(options) : {}]
  end

  def play_structured(log, call, args)
    case call
    when "debug", "info", "warn", "error"
      positional, options = entry_arguments(args)
      log.public_send(call, *positional, **options)
    when "log" then log.entry(**value(args[0]))
    when "set_user_id" then log.user_id = args[0]
    when "set_session_id" then log.session_id = args[0]
    when "flow", "flow_async"
      flow = log.flow(args[0], remote: call == "flow_async")
      args[1].each do |level, *rest|
        positional, options = entry_arguments(rest)
        flow.public_send(level, *positional, **options)
      end
    when "ingest_raw", "ingest_raw_async"
      log.public_send(call, args[0], args[1], **(args[2] ? value(args[2]) : {}))
    else flunk "no such call: #{call}"
    end
  end

  # The entries of a step, and its raw documents with their format and source.
  def sent(requests)
    requests.select { |request| request["method"] == "POST" }.flat_map do |request|
      path, query = request["target"].split("?", 2)
      if path == "/v1/flows" then [["flow", JSON.parse(request["body"])]]
      elsif query then [["raw", URI.decode_www_form(query).to_h, request["body"]]]
      else JSON.parse(request["body"])["logs"].map { |entry| ["entry", entry_plain(entry)] }
      end
    end
  end

  def entry_plain(entry)
    entry = entry.except("timestamp", "errorStack", "errorName").merge("failed" => entry.key?("errorName"))
    entry["flowId"] = entry["flowId"].sub(/-\h{8}\z/, "-<id>") if entry["flowId"]
    entry.sort.to_h
  end

  def test_every_structured_call_gives_the_entries_of_the_captured_client
    log = nil
    refused = 0
    steps("structured-logs.jsonl").each do |step|
      if step["call"] == "client"
        log&.close
        # Without a source no client is made: the captured one fails at its first entry instead.
        if step["args"][0]["source"].empty?
          assert_raises(Maxim::InvalidArgumentError) { structured(step["args"][0]) }
          break
        end
        log = structured(step["args"][0])
        next
      end
      log.user_id = log.session_id = nil if step["step"] == 27 # the capture cleared both, by calls it left out
      before = @server.requests.size
      play_structured(log, step["call"], step["args"])
      assert log.flush, "step #{step["step"]}"
      eventually("step #{step["step"]} #{step["call"]}") { sent(@server.requests.drop(before)).size >= sent(step["requests"]).size }
      assert_equal sent(step["requests"]), sent(@server.requests.drop(before)), "step #{step["step"]}: #{step["call"]}"
      assert_operator @errors.size, :>, refused, "step #{step["step"]} is an error" if step["raised"]
      refused = @errors.size
    end
  end
end
