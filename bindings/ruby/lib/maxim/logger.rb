# frozen_string_literal: true

module Maxim
  # A logger for one repository of the Maxim log API.
  #
  #   logger = Maxim::Logger.new(api_key: "…", repository_id: "…")
  #   logger.trace("answer", input: question) do |trace|
  #     trace.generation("chat", provider: "openai", model: "gpt-4o", messages: messages) do |generation|
  #       generation.result(client.chat(messages))
  #     end
  #     trace.output = answer
  #   end
  #
  # Log calls return true, or false when the call was refused, and never raise unless the logger was made
  # with `raise_exceptions: true`. Making, flushing and closing raise Maxim::Error in either mode.
  class Logger
    include Owner

    OVERFLOW = Constants::OVERFLOW_POLICIES
    TRACEPARENT = /\A\h{2}-\h{32}-\h{16}-\h{2}/
    PROTOCOLS = Constants::PROTOCOLS
    OTLP_ENCODINGS = Constants::OTLP_ENCODINGS
    private_constant :TRACEPARENT
    # How long flush and close wait unless told otherwise, in seconds.
    DEFAULT_TIMEOUT = 10

    # Options are the members of maxim_logger_config in maxim.h, with their names and units: base_url,
    # api_key, repository_id, auto_flush, flush_interval_ms, is_debug, spool_dir, max_memory_bytes,
    # max_disk_bytes, block_timeout_ms, ca_file, proxy, allow_plaintext, max_attachment_bytes, disabled,
    # capture_content, extract_media, masks (an array of rules), sample_rate, max_field_bytes, max_age_ms,
    # quarantine_max_age_ms, memory_only (docs/what-leaves.md explains the last ten), spool_dir_fallback. And:
    #
    # overflow_policy:: :drop_oldest (default), :drop_newest or :block
    # protocol:: :maxim (default) or :otlp, with otlp_url, otlp_headers, otlp_encoding (:protobuf or :json),
    #            otlp_compression, service_name, resource_attributes and incomplete_after_ms: docs/otlp.md
    # raise_exceptions:: whether a refused log call raises
    # on_error:: called with a Maxim::Error for a refused call, and for what went wrong later
    # on_debug:: called with lines of debug output, when is_debug is set
    # on_mask:: called inside each log call with the entity, the field (`messages.content`) and each text that is about
    #           to leave, after the masks: gives what takes its place, or nil to leave it; when it raises or takes longer
    #           than mask_budget_us for one record, the text is dropped and its record goes without it
    # exit_timeout:: seconds that the end of the process waits for delivery; nil: it does not wait
    # lossy:: whether a value that cannot be sent as it is (too long, not UTF-8, NaN) is changed rather than its
    #         record refused; true unless given
    def initialize(raise_exceptions: false, on_error: nil, on_debug: nil, on_mask: nil, exit_timeout: EXIT_TIMEOUT,
                   lossy: true, **config)
      Owner.check_ractor("a Maxim::Logger")
      open_native(raise_exceptions, on_debug, mask_of(on_mask), native_config(config.merge(lossy: lossy)))
      @closed = false
      watch(on_error, on_debug, exit_timeout, raise_exceptions)
    end

    # Begins a session; with a block, ends it after the block and gives the block's value.
    def session(name = nil, **config, &block)
      session_native(name, **config, &block)
    end

    # Begins a trace; with a block, ends it after the block and gives the block's value.
    def trace(name = nil, **config, &block)
      trace_native(name, **config, &block)
    end

    # Begins a trace below another service's span, which the header traceparent (W3C Trace Context) of a request names,
    # as in `logger.trace_from(request.get_header("HTTP_TRACEPARENT"), "answer")`, or, for nil, below the span that
    # OpenTelemetry's SDK has current; where there is neither, a trace of its own. With a block as `trace`.
    def trace_from(traceparent, name = nil, **config, &block)
      traceparent ||= active_traceparent
      return trace(name, **config, &block) unless TRACEPARENT.match?(traceparent.to_s)

      Trace.new(self, traceparent.to_s).from_traceparent(name, **config, &block)
    end

    # The header traceparent for a request that is made from the trace, or from one of its spans, generations,
    # retrievals or tool calls.
    def traceparent(trace, entity = trace)
      kind = entity.class.name.split("::").last.gsub(/(?<=.)[A-Z]/) { |letter| "_#{letter}" }.downcase.to_sym
      Maxim.span_traceparent(trace.id, Constants::ENTITIES.fetch(kind), entity.id)
    end

    # Sends every record from now on to a further repository too, and gives the sink's number.
    def add_sink(**config)
      add_sink_native(native_config(config))
    end

    # One line of the caller's making: `logger.commit(:trace, id, "update", { input: "…" })`.
    def commit(entity, id, action, data)
      number = entity.is_a?(Integer) ? entity : Convert.choice("entity", entity, Constants::ENTITIES)
      number.is_a?(Error) ? refuse(number) : commit_native(number, id, action, data)
    end

    # Sends everything accepted so far. True when it has arrived; false when it has not, within the time or
    # because the service does not take it: then it is kept. Other threads run meanwhile.
    def flush(timeout: DEFAULT_TIMEOUT)
      flush_native(timeout)
    end

    # Starts a flush and returns; the block is given nil, or the error, by a later call on the logger.
    def flush_async(timeout: DEFAULT_TIMEOUT, &block)
      start_flush(timeout, block)
    end

    def flush_commit_logs(timeout: DEFAULT_TIMEOUT)
      flush_commit_logs_native(timeout)
    end

    if method_defined?(:flush_attachments_native) # not with a library from before attachments
      def flush_attachments(timeout: DEFAULT_TIMEOUT)
        flush_attachments_native(timeout)
      end
    end

    def flush_log_files(timeout: DEFAULT_TIMEOUT)
      flush_log_files_native(timeout)
    end

    # Asks the service whether the log repository exists and the API key is accepted: true, or raises what says why
    # not. Other threads run meanwhile.
    def check(timeout: DEFAULT_TIMEOUT)
      check_native(timeout)
    end

    # @!method purge
    #   Deletes everything that is held and not delivered, as a request to delete data asks for: records and
    #   attachments, what earlier loggers left behind, and what is in quarantine. A request that is under way may
    #   still arrive. Other threads run meanwhile.

    # Writes everything that is held to files, where it survives a reboot too.
    def write_to_file(timeout: DEFAULT_TIMEOUT)
      write_to_file_native(timeout)
    end

    # Sends what it can and ends the logger: further calls are refused with Maxim::ClosedError. True
    # when everything has arrived; false when something is left for the next logger.
    def close(timeout: DEFAULT_TIMEOUT)
      return true if @closed

      @closed = true
      cleanup_native(timeout)
    end
    alias cleanup close

    def closed?
      @closed
    end

    def inspect
      "#<#{self.class} repository=#{repository_id.inspect}#{" closed" if @closed}>"
    end

    private

    # The header traceparent of the span that OpenTelemetry's own SDK has current.
    def active_traceparent
      return unless defined?(::OpenTelemetry::Trace)

      context = ::OpenTelemetry::Trace.current_span.context
      flags = context.trace_flags.sampled? ? "01" : "00"
      "00-#{context.hex_trace_id}-#{context.hex_span_id}-#{flags}" if context.valid?
    rescue StandardError
      nil
    end

    def native_config(config)
      { overflow_policy: OVERFLOW, protocol: PROTOCOLS, otlp_encoding: OTLP_ENCODINGS }.each do |name, words|
        given = config[name]
        config = config.merge(name => Owner.choose(name.to_s, given, words)) unless given.nil?
      end
      %i[otlp_headers resource_attributes].each { |name| config = config.merge(name => Owner.pairs(config[name])) if config.key?(name) }
      config
    end

    private(*instance_methods(false).grep(/_native\z/))
  end
end
