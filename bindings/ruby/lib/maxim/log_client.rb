# frozen_string_literal: true

module Maxim
  # Structured application logs, with the interface of ::Logger.
  #
  #   log = Maxim::LogClient.new(source: "shop", environment: :production, api_key: "…")
  #   log.info("order paid", order: 7, tags: ["billing"])
  #   log.error("charge failed", error)
  #   log.warn { "only evaluated when warnings are logged" }
  #
  # Log calls return true, also for what the level leaves out (as ::Logger does), and false when the call was
  # refused. They never raise unless the client was made with raise_exceptions: true.
  # `dup` and `clone` share the client, as Rails' tagged logging expects.
  class LogClient
    # The native client: holds the handle, is told what the library's threads have to say.
    class Handle
      include Owner

      attr_accessor :closed

      def initialize(strict, on_error, on_debug, on_mask, exit_timeout, config)
        open_native(strict, on_debug, mask_of(on_mask), config)
        @closed = false
        watch(on_error, on_debug, exit_timeout, strict)
      end

      def native_level(level)
        level
      end

      # maxim_log_error_with has no data, an entry has.
      def error_with_data(message, error, data, tags)
        log(level: ERROR, message: message, data: { message: Foreign.message(error), **data },
            error_name: Foreign.class_name(error), error_stack: Foreign.stack(error), tags: tags)
      end

      def close(timeout:)
        return true if @closed

        @closed = true
        disconnect(timeout)
      end

      def flush_async(timeout, block)
        start_flush(timeout, block)
      end
      private :open_native, :flush_async_native

      # Owner's, for the client.
      public :refuse
    end

    # ::Logger's severities, for those who ask a logger for them.
    DEBUG, INFO, WARN, ERROR, FATAL, UNKNOWN = 0, 1, 2, 3, 4, 5
    ENVIRONMENTS = Constants::ENVIRONMENTS
    FORMATS = Constants::FORMATS
    DEFAULT_TIMEOUT = 10
    # The members of an entry beside its level, message and data; what else it is given is data.
    FIELDS = %i[user_id session_id request_id error_name error_stack tags flow_id step_index dataset timestamp
                ip_address country].freeze
    NO_MESSAGE = "(no message)"
    private_constant :FIELDS, :NO_MESSAGE

    attr_accessor :progname, :formatter, :datetime_format

    # Options are the members of maxim_log_client_config in maxim.h, with their names and units: source,
    # api_key, endpoint, version, dataset, user_id, session_id, batch_size, flush_interval_ms, max_retries,
    # initial_delay_ms, max_delay_ms, spool_dir, max_memory_bytes, max_disk_bytes, block_timeout_ms, ca_file,
    # proxy, is_debug, allow_plaintext, disabled, capture_content, masks, max_field_bytes, max_age_ms,
    # quarantine_max_age_ms, memory_only, spool_dir_fallback. And those of Maxim::Logger.new (overflow_policy, raise_exceptions,
    # on_error, on_debug, on_mask, exit_timeout, lossy, protocol and what belongs to it), and:
    #
    # environment:: :development (default), :staging or :production
    # level:: the lowest that is logged, also called min_level
    def initialize(environment: :development, level: :debug, min_level: level, overflow_policy: :drop_oldest,
                   raise_exceptions: false, on_error: nil, on_debug: nil, on_mask: nil, exit_timeout: Owner::EXIT_TIMEOUT,
                   progname: nil, formatter: nil, lossy: true, **config)
      Owner.check_ractor("a Maxim::LogClient")
      config[:lossy] = lossy
      config[:environment] = Owner.choose("environment", environment, ENVIRONMENTS)
      config[:overflow_policy] = Owner.choose("overflow_policy", overflow_policy, Logger::OVERFLOW)
      { protocol: Logger::PROTOCOLS, otlp_encoding: Logger::OTLP_ENCODINGS }.each do |name, words|
        config[name] = Owner.choose(name.to_s, config[name], words) unless config[name].nil?
      end
      %i[otlp_headers resource_attributes].each { |name| config[name] = Owner.pairs(config[name]) if config.key?(name) }
      @level = severity(min_level)
      @lossy = lossy
      # What is below is filtered here, where `level=` can change it.
      config[:min_level] = [@level, ERROR].min
      @lowest = config[:min_level]
      @handle = Handle.new(raise_exceptions, on_error, on_debug, on_mask, exit_timeout, config)
      @progname = progname
      @formatter = formatter
    end

    # log.info("message"), log.info("message", data), log.info("message", key: value, tags: [...]), and as with
    # ::Logger log.info(object), log.info("progname") { "message" }. A hash in braces behind the data is fields too:
    # log.error("message", error, { key: value }).
    LogEntry::SEVERITIES.each_with_index do |name, number|
      define_method(name) do |message = nil, data = nil, more = nil, tags: nil, **fields, &block|
        next true if number < level

        write(number, message, data, tags, LogEntry.with_more(more, fields), block)
      end

      next if name == :unknown

      define_method(:"#{name}?") { level <= number && handle.would_log?([number, ERROR].min) }
      define_method(:"#{name}!") { self.level = number }
    end

    # As ::Logger#add.
    def add(severity, message = nil, progname = nil, &block)
      severity = severity_of(severity)
      return true if severity < level

      if nil.equal?(message)
        write(severity, progname, nil, nil, {}, block)
      else
        write(severity, message, nil.equal?(progname) ? nil : { progname: progname }, nil, {}, nil)
      end
    end
    alias log add

    # As ::Logger#<<: a line without a severity, logged as info.
    def <<(message)
      text = Foreign.text(message).chomp
      write(INFO, text, nil, nil, {}, nil) unless text.empty?
      self
    end

    # An entry with every field: level, message, data, user_id, session_id, request_id, error_name,
    # error_stack, tags, flow_id, step_index, dataset, timestamp, ip_address, country. What is none of them is told to
    # on_error and becomes part of the data, and an unknown level is info.
    def entry(level: :info, message: nil, data: nil, **fields)
      number = Convert.choice("level", level, Constants::LEVELS)
      if number.is_a?(Error)
        refusal = handle.refuse(number)
        return refusal unless @lossy

        number = INFO
      end
      data, fields = without_unknown(data, fields)
      message = nil.equal?(message) ? (NO_MESSAGE if @lossy) : LogEntry.text(message)
      handle.log(level: number, message: message, data: data, **fields)
    end

    def level
      silenced = Thread.current.thread_variable_get(silence_key)
      silenced || @level
    end

    # A severity, its name, or a symbol; changes what this object lets through.
    def level=(value)
      @level = severity(value)
    end

    # Logs only from `temporary` on during the block, on this thread.
    def silence(temporary = ERROR)
      previous = Thread.current.thread_variable_get(silence_key)
      Thread.current.thread_variable_set(silence_key, severity(temporary))
      yield self
    ensure
      Thread.current.thread_variable_set(silence_key, previous)
    end

    alias sev_threshold level
    alias sev_threshold= level=

    # Who is using the application; nil for nobody.
    def user_id=(id)
      handle.user_id = id
    end

    def session_id=(id)
      handle.session_id = id
    end

    # Whether an entry of this level would be logged.
    def would_log?(level)
      level = severity(level)
      level >= self.level && handle.would_log?([level, ERROR].min)
    end

    # A flow: entries with a common id and a step index. One that is refused has no id, and is told to the error
    # handler, as its entries are. With `remote: true` the service gives the id, which waits up to `timeout` seconds
    # and raises when it fails. With a block, gives the block's value and logs an error that leaves it.
    def flow(name, remote: false, timeout: DEFAULT_TIMEOUT)
      flow = remote ? handle.remote_flow(name, timeout) : handle.flow(name)
      return flow unless block_given?

      flow.within { |it| yield it }
    end

    # A whole document in one of FORMATS, sent now; waits up to `timeout` seconds. Options: source,
    # environment, level, dataset.
    def ingest_raw(body, format, timeout: DEFAULT_TIMEOUT, **options)
      ingest(body, format, options) { |*arguments| handle.ingest_raw(*arguments, timeout) }
    end

    # The same, sent in the background and kept until it has arrived.
    def ingest_raw_async(body, format, **options)
      ingest(body, format, options) { |*arguments| handle.ingest_raw_async(*arguments) }
    end

    # True when everything accepted has arrived, false when the time ran out before.
    def flush(timeout: DEFAULT_TIMEOUT)
      handle.flush(timeout)
    end

    # Starts a flush; the block is given nil, or the error, by a later call.
    def flush_async(timeout: DEFAULT_TIMEOUT, &block)
      handle.flush_async(timeout, block)
    end

    # The directory for entries that cannot be sent yet; nil when they are kept in memory only.
    def spool_dir
      handle.spool_dir
    end

    def stats
      handle.stats
    end

    # Hands events to the handlers without logging anything.
    def poll
      handle.poll
      self
    end

    # Deletes everything that is held and not delivered: Logger#purge for a client.
    def purge
      handle.purge
    end

    # Sends what it can, and ends the client.
    def close(timeout: DEFAULT_TIMEOUT)
      handle.close(timeout: timeout)
    end
    alias disconnect close

    def closed?
      handle.closed
    end

    # As ::Logger#reopen: there is no file to open again.
    def reopen(_device = nil)
      self
    end

    def inspect
      "#<#{self.class} level=#{LogEntry::SEVERITIES[level]}#{" closed" if closed?}>"
    end

    private

    # The native client; not there after `allocate`, or in a subclass whose initialize does not call this one's.
    def handle
      @handle || raise("not initialized")
    end

    def write(severity, message, data, tags, fields, block)
      name = LogEntry::SEVERITIES[severity]
      message, fields = from_block(message, fields, block) if block
      message = progname if nil.equal?(message) && nil.equal?(data) && fields.empty?
      data = LogEntry.merge(data, fields) unless fields.empty?
      message, data = data, nil if nil.equal?(message) && Hash === data
      tags = all_tags(tags)
      tags << name.to_s if severity > ERROR
      message = format(name, message) if formatter && !tagging?
      LogEntry.write(handle, LogEntry::LEVELS[[severity, ERROR].min], message, data, tags)
    end

    # With a block, what stands before it is the program's name.
    def from_block(given, fields, block)
      name = nil.equal?(given) ? progname : given
      [LogEntry.evaluate(block), nil.equal?(name) ? fields : { progname: name, **fields }]
    end

    # Tagged logging keeps its tags in the formatter: they become the entry's tags, the text stays clean.
    def all_tags(tags)
      [*Foreign.first_of(tags, LogEntry::ENOUGH_TAGS), *(formatter.current_tags if tagging?)]
    rescue *Foreign::ERRORS
      []
    end

    def tagging?
      formatter.respond_to?(:current_tags)
    end

    # A formatter of the program's own makes the text; structured messages are left alone.
    def format(name, message)
      return message if Hash === message || Exception === message

      Foreign.text(formatter.call(name.to_s.upcase, Time.now, progname, message)).chomp
    rescue *Foreign::ERRORS => e
      "#{LogEntry.text(message)} [the formatter raised #{Foreign.class_name(e)}: #{Foreign.reason(e)}]"
    end

    def severity(value)
      return value if Integer === value

      name = value.to_s.downcase.to_sym if String === value || Symbol === value
      LogEntry::SEVERITIES.index(name) or
        raise ArgumentError, "invalid log level: #{Foreign.shown(value)}; give one of #{LogEntry::SEVERITIES.join(", ")}"
    end

    # The severity that a log call is given, whatever that is.
    def severity_of(value)
      severity(value).clamp(DEBUG, UNKNOWN)
    rescue *Foreign::ERRORS
      UNKNOWN
    end

    # A raw document and its options by their numbers, for the block to send.
    def ingest(body, format, options)
      numbers = {
        format: Convert.choice("format", format, FORMATS),
        environment: options[:environment] && Convert.choice("environment", options[:environment], ENVIRONMENTS),
        level: options[:level] && Convert.choice("level", options[:level], Constants::LEVELS)
      }
      wrong = numbers.values.find { |number| number.is_a?(Error) }
      return handle.refuse(wrong) if wrong
      return handle.refuse(InvalidArgumentError.new("the document is a #{Foreign.class_name(body)}: give a String")) unless String === body

      yield body, numbers[:format], options.merge(numbers.compact.except(:format))
    end

    # The data with what an entry has no member for, and the other members.
    def without_unknown(data, fields)
      unknown = fields.keys - FIELDS
      return [data, fields] if unknown.empty?

      handle.refuse(Convert.unknown(unknown, FIELDS))
      [LogEntry.merge(data, fields.slice(*unknown)), fields.except(*unknown)]
    end

    def silence_key
      @silence_key ||= :"maxim_silence_#{handle.object_id}"
    end
  end
end
