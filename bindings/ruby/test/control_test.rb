# frozen_string_literal: true

require_relative "helper"
require "digest"

# What must not leave does not: the table of tests/masks.json through this binding, and which traces a sample has.
class ControlTest < MaximTest
  TABLE = JSON.parse(File.read(File.join(ROOT, "tests/masks.json"), encoding: "UTF-8"))

  # A text as it may stand in JSON, in JSON in a JSON string, and so on.
  def escaped(text)
    3.times.reduce([text]) { |forms, _| forms << JSON.generate(forms.last)[1..-2] }
  end

  def left = File.exist?(@server.record) ? File.read(@server.record, encoding: "UTF-8") : ""

  def test_no_secret_of_the_table_leaves
    texts = TABLE.fetch("texts")
    assert_equal 76, texts.size
    log = logger(masks: TABLE.fetch("rules"), raise_exceptions: true, lossy: true)
    app = client(masks: TABLE.fetch("rules"), raise_exceptions: true, lossy: true)
    texts.each { |each| tell(log, app, each.fetch("text")) }
    assert log.flush(timeout: 120)
    assert app.flush(timeout: 120)
    assert_no_secret_in left
  end

  def test_no_secret_of_the_table_lies_in_the_spool_or_in_quarantine_or_is_told
    told = []
    talks = { masks: TABLE.fetch("rules"), is_debug: true, on_debug: told.method(:<<) }
    log = logger(**talks)
    app = client(**talks)
    @server.control(status: 400)
    TABLE.fetch("texts").each { |each| tell(log, app, each.fetch("text")) }
    log.write_to_file
    kept = contents
    assert_includes kept, "[email]"
    # Refused by the service, each by itself.
    log.flush(timeout: 0)
    eventually("a record is in quarantine", 300) { log.stats[:quarantined].positive? }
    [log, app].each { |owner| owner.close(timeout: 0) }
    left_here = contents
    assert_includes left_here, "quarantine"
    assert_no_secret_in [kept, left_here, *told, *@errors.map(&:message)].join("\n")
  end

  # All that is in the files of the spool, with their names.
  def contents
    files = Dir.glob("**/*", File::FNM_DOTMATCH, base: @spool).map { |name| File.join(@spool, name) }
    files.select { |file| File.file?(file) }.map { |file| file + content(file) }.join("\n")
  end

  def content(file)
    File.binread(file).force_encoding("UTF-8").scrub
  rescue Errno::ENOENT
    "" # it has just been removed
  end

  def assert_no_secret_in(found)
    assert_includes found, "[email]"
    assert_includes found, "[customer]"
    secrets = TABLE.fetch("texts").flat_map { |each| each.fetch("secrets").flat_map { |secret| escaped(secret) } }
    assert_empty(secrets.select { |form| found.include?(form) })
  end

  API = JSON.parse(File.read(File.join(ROOT, "include/maxim.api.json")))
  GIVEN = TABLE.fetch("given")
  CLASSES = { "session" => Maxim::Session, "trace" => Maxim::Trace, "span" => Maxim::Span,
              "generation" => Maxim::Generation, "retrieval" => Maxim::Retrieval, "tool_call" => Maxim::ToolCall,
              "error" => Maxim::LoggedError }.freeze

  # A template of the table with the text in each place.
  def filled(template, text)
    case template
    when Array then template.map { |each| filled(each, text) }
    when Hash then template.to_h { |key, value| [key == "$" ? text : key, filled(value, text)] }
    else template == "$" ? text : template
    end
  end

  # What a parameter or member with this name in C is given: the text, alone or in JSON.
  def value_of(name, text)
    name.end_with?("_json") ? filled(GIVEN.fetch(name, GIVEN["metadata_json"]), text) : text
  end

  # The keywords of a C struct, with the text in every member that takes one.
  def config_of(struct, text, without = [])
    fields = API["structs"].find { |each| each["name"] == struct }["fields"]
    names = fields.select { |field| field["c"] == "maxim_str" }.map { |field| field["name"] }
    names.reject { |name| name.match?(/(\A|_)id\z/) || without.include?(name) }
         .to_h { |name| [name.delete_suffix("_json").to_sym, value_of(name, text)] }
  end

  # What such a configuration has no use for: a URL has no path, and what ends with an error has its name already.
  def unused(function, struct)
    return ["path"] if struct == "maxim_attachment"

    function["parameters"].any? { |each| each["name"] == "out_id" } ? [] : %w[name tags_json metadata_json]
  end

  def argument(function, parameter, text)
    name, c = parameter.values_at("name", "c")
    struct = c[/\Aconst (maxim_\w+) \*\z/, 1]
    return config_of(struct, text, unused(function, struct)) if struct
    return name.end_with?("_id") ? "id-1" : value_of(name, text) if c == "maxim_str"

    { "double" => 1, "int64_t" => Time.now, "maxim_result_flags" => { force: true } }.fetch(c)
  end

  # Calls that have another form here than their name in C says.
  FORMS = {
    "create" => ->(log, kind, _entity, config) { log.public_send(kind, **config) },
    "from_traceparent" => lambda { |log, _kind, _entity, _header, config|
      log.trace_from("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", **config)
    },
    "add_event" => ->(_log, _kind, entity, config) { entity.add_event(config.delete(:name), **config) },
    "event" => ->(_log, _kind, entity, config) { entity.event(config.delete(:name), **config) },
    "set_input_json" => ->(_log, _kind, entity, value) { entity.set_input(value) },
    "add_cost" => ->(_log, _kind, entity, *) { entity.add_cost(input: 1, output: 2) }
  }.freeze

  # Gives a text to every call that takes one: those of entities by the description of the ABI, so that a new one is
  # among them.
  def tell(log, app, text)
    ids = CLASSES.keys.to_h { |kind| [kind, "#{kind}-1"] }
    calls = API["functions"].select { |each| each["entity"] && !each["for_c"] && each["parameters"].first["name"] == "logger" }
    assert_operator calls.size, :>, 80
    calls.each do |function|
      kind = function["entity"]
      verb = function["name"].delete_prefix("maxim_#{kind}_")
      own = function["parameters"].reject { |each| ["logger", "out_id", "#{kind}_id"].include?(each["name"]) }
      values = own.map { |each| argument(function, each, text) }
      entity = CLASSES.fetch(kind).new(log, ids.fetch(kind))
      next FORMS[verb].call(log, kind, entity, *values) if FORMS[verb]

      keywords = Hash === values.last && own.last["c"] != "maxim_str" ? values.pop : {}
      entity.public_send(verb, *values, **keywords)
    end
    log.commit(:trace, ids["trace"], "update", { text => text, "whatever" => [text] })

    data = filled(GIVEN["metadata_json"], text)
    app.info(text, data)
    app.error(text, IOError.new(text))
    entry = config_of("maxim_log_entry", text, ["data_json"]).merge(user_id: text, session_id: text, request_id: text, flow_id: text)
    app.entry(level: :warn, data: data, **entry.merge(tags: [text]))
    app.ingest_raw_async("say #{text}", :text, source: text, dataset: text)
  end

  # A mask may take its time on a busy machine.
  def logger(**options) = super(mask_budget_us: 60_000_000, **options)

  def client(**options) = super(mask_budget_us: 60_000_000, **options)

  # What the tests' masks do; the block is how they fail.
  def masking(seen = [])
    lambda do |entity, field, text|
      seen << "#{entity} #{field}"
      next yield if text.include?("hopeless")

      text.gsub("secret", "[mine]") if text.include?("secret")
    end
  end

  def test_the_programs_own_mask_is_asked_for_every_text_inside_the_log_call
    seen = []
    log = logger(on_mask: masking(seen))
    app = client(on_mask: masking(seen))
    trace = log.trace("secret name", tags: { k: "secret tag" })
    trace.generation("g", messages: [{ role: "user", content: "secret question" }])
    app.info("secret message", { deep: ["secret datum"] })
    log.trace("large", input: "secret #{"x" * 600_000}") # formatted without the GVL
    app.error("failed", IOError.new("secret error"))
    app.ingest_raw("secret document", :text)
    blocking = logger(on_mask: masking(seen), overflow_policy: :block)
    blocking.trace("secret of a call that may wait")
    [log, app, blocking].each { |each| assert each.flush(timeout: 120) }
    refute_includes left, "secret"
    ["[mine] name", "[mine] tag", "[mine] question", "[mine] message", "[mine] datum", "[mine] error", "[mine] document", "[mine] of a call", "[mine] xxx"].each { |text| assert left.include?(text), text }
    ["trace name", "trace input", "trace messages.content", "log_entry message", "log_entry document"].each { |place| assert_includes seen, place }
  end

  FAILURES = [-> { raise "broken" }, -> { 5 }, -> { false }, -> { Fiber.yield }, -> { Object.new.tap { |it| it.singleton_class.undef_method(:to_s) } },
              -> { raise NotImplementedError }, -> { throw :out }, -> { raise(Class.new(StandardError) { def message = raise("no message") }) }].freeze

  def test_a_mask_that_fails_drops_the_text_keeps_the_record_and_is_told_of
    FAILURES.each_with_index do |failure, number|
      @errors.clear
      log = logger(on_mask: masking(&failure))
      log.trace("kept", id: "failed-#{number}", input: "hopeless")
      assert_equal 1, log.stats[:masks_failed]
      assert_match(/on_mask failed: .*the text was dropped/, @errors.first.message)
      assert log.flush
      assert_includes @server.logged.map(&:id), "failed-#{number}"
    end
    refute_includes left, "hopeless"
  end

  def test_a_mask_may_log_and_be_killed
    log = nil
    log = logger(on_mask: lambda { |_entity, _field, text|
      log.trace("inner") if text == "log"
      Thread.current.kill if text == "kill"
      sleep 0.001
      nil
    })
    log.trace("log", id: "logged")
    assert Thread.new { log.trace("kill") }.join(120)
    threads = 4.times.map { |number| Thread.new { 20.times { log.trace("t", id: "thread-#{number}") } } }
    threads.each { |thread| assert thread.join(120) }
    assert log.flush
    ids = @server.logged.map(&:id)
    assert_includes ids, "logged"
    4.times { |number| assert_equal 20, ids.count("thread-#{number}") }
  end

  def test_a_sample_is_the_documented_one
    log = logger(sample_rate: 0.3)
    ids = Array.new(40) { |number| "trace-#{number}" }
    ids.each { |id| log.trace("sampled", id: id) }
    assert log.flush(timeout: 120)
    arrived = @server.logged.map(&:id)
    ids.each do |id|
      number = Digest::SHA256.digest(id).unpack1("Q>") >> 11
      assert_equal number < 0.3 * (2**53), arrived.include?(id), id
    end
    assert_equal 40, log.stats[:sampled_out] + log.stats[:accepted]
  end

  def test_without_content_it_stays_here_disabled_nothing_goes_and_a_bad_rule_is_named
    log = logger(capture_content: false)
    log.trace("named", input: "content")
    assert log.flush(timeout: 120)
    assert_equal [nil], @server.logged.map { |line| line.data["input"] }
    quiet = Maxim::Logger.new(disabled: true, exit_timeout: nil)
    assert quiet.trace("unheard").end
    assert quiet.close(timeout: 1)
    assert_equal 1, @server.logged.size
    error = assert_raises(Maxim::Error) { logger(masks: [{ preset: "mail" }]) }
    assert_includes error.message, "rule 1"
  end
end
