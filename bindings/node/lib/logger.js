'use strict';

// The logger for one repository of the Maxim log API, and the entry point of the public SDK's shape.

const builtin = require('./builtin.js');
const { AsyncLocalStorage } = builtin('node:async_hooks');
const native = require('./native.js');
const { Core } = require('./core.js');
const { ENTITIES, OTLP_ENCODINGS, OVERFLOW_POLICIES, PROTOCOLS, SWITCHES } = require('./constants.js');
const { MaximError, failure } = require('./error.js');
const { checkOptions, LOGGER } = require('./options.js');
const { comesLater, fenced, isError, json, messageText, mustBeThere, numberOf, numeric, optionalJson, optionalText, readable, shown } = require('./values.js');
const entities = require('./entities.js');

const { Session, Trace, Span, Generation, Retrieval, ToolCall } = entities;

const FUNCTIONS = {
  create: native.loggerNew,
  flush: native.flushAsync,
  block: native.flush,
  end: native.cleanupAsync,
  free: native.loggerFree,
  stats: (handle) => native.loggerStats(handle, 0),
  wait: native.flushWait,
};

/** Whether something is on; undefined leaves it to the environment. */
function switched(on) {
  if (on === undefined || on === null) return undefined;
  return on ? SWITCHES.on : SWITCHES.off;
}

/** Pairs as OTLP's variables have them: `key=value,key=value`, values percent-encoded; text stays as it is. */
function pairs(given) {
  if (given === undefined || given === null || typeof given === 'string') return given;
  return Object.entries(given)
    .map(([key, value]) => {
      mustBeThere(value, key);
      return `${key}=${encodeURIComponent(value)}`;
    })
    .join(',');
}

/** Options as the addon's configuration. */
function configuration(options) {
  const seconds = options.flushIntervalSeconds ?? undefined;
  return {
    base_url: options.baseUrl,
    api_key: options.apiKey,
    repository_id: options.repositoryId ?? options.id,
    auto_flush: options.autoFlush,
    flush_interval_ms: options.flushIntervalMs ?? (seconds === undefined ? undefined : seconds * 1000),
    is_debug: options.isDebug ?? options.debug,
    spool_dir: options.spoolDir,
    max_memory_bytes: options.maxMemoryBytes,
    max_disk_bytes: options.maxDiskBytes,
    overflow_policy: numberOf(OVERFLOW_POLICIES, options.overflowPolicy, 'overflowPolicy'),
    block_timeout_ms: options.blockTimeoutMs,
    ca_file: options.caFile,
    proxy: options.proxy,
    allow_plaintext: options.allowPlaintext,
    lossy: options.lossy ?? true,
    max_attachment_bytes: options.maxAttachmentBytes,
    disabled: options.disabled,
    capture_content: switched(options.captureContent),
    extract_media: switched(options.extractMedia),
    masks_json: optionalJson(options.masks),
    mask_budget_us: options.maskBudgetUs,
    // 0 says "the default" to the library, and here that no trace is wanted.
    sample_rate: options.sampleRate === 0 ? -1 : options.sampleRate,
    max_field_bytes: options.maxFieldBytes,
    max_age_ms: options.maxAgeMs,
    quarantine_max_age_ms: options.quarantineMaxAgeMs,
    memory_only: options.memoryOnly,
    spool_dir_fallback: options.spoolDirFallback,
    protocol: numberOf(PROTOCOLS, options.protocol, 'protocol'),
    otlp_url: options.otlpUrl,
    otlp_headers: pairs(options.otlpHeaders),
    otlp_encoding: numberOf(OTLP_ENCODINGS, options.otlpEncoding, 'otlpEncoding'),
    otlp_compression: switched(options.otlpCompression),
    service_name: options.serviceName,
    resource_attributes: pairs(options.resourceAttributes),
    incomplete_after_ms: options.incompleteAfterMs,
  };
}

/** The header traceparent of the span that OpenTelemetry's own SDK has current, if there is one in this process. */
function activeTraceparent() {
  // Where @opentelemetry/api keeps what an SDK has registered; no dependency on it, for bundlers' sake.
  const registered = globalThis[Symbol.for('opentelemetry.js.api.1')];
  const span = registered?.context?.active?.().getValue?.(Symbol.for('OpenTelemetry Context Key SPAN'));
  const context = span?.spanContext?.();
  return context && `00-${context.traceId}-${context.spanId}-0${context.traceFlags & 1}`;
}

class Logger {
  #core;
  #id;
  #context = new AsyncLocalStorage();

  /** Throws MaximError when it cannot be made; log calls don't, unless `raiseExceptions` is set. */
  constructor(options = {}) {
    checkOptions(options, LOGGER, 'Logger');
    this.#core = new Core(FUNCTIONS, configuration(options), options);
    this.#id = this.#core.demand(native.loggerRepositoryId);
  }

  get id() {
    return this.#id;
  }

  /** Starts a session. */
  session(config) {
    return entities.createSession(this.#core, config);
  }

  /** Starts a trace; inside `withSession`, one of that session. */
  trace(config = {}) {
    const current = this.current;
    if (current instanceof Session && readable(config ?? {}, ['sessionId']).sessionId === undefined) return current.addTrace(config);
    return entities.createTrace(this.#core, config);
  }

  /**
   * Starts a trace below another service's span, which the header traceparent of a request names, or below the span that
   * OpenTelemetry's SDK has current, when none is given; where there is neither, a trace of its own.
   */
  traceFrom(traceparent, config = {}) {
    return entities.createTraceFrom(this.#core, traceparent ?? fenced(activeTraceparent), config);
  }

  /** The header traceparent for a request that is made from one of the trace's entities, or from the trace. */
  traceparent(trace, entity = trace) {
    return this.#core.attempt(() => {
      const kind = ENTITIES[entity?.constructor?.entity];
      if (typeof trace?.id !== 'string' || kind === undefined || typeof entity.id !== 'string') {
        throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', 'trace: give a trace, and one of its spans, generations, retrievals or tool calls');
      }
      const header = native.spanTraceparent(trace.id, kind, entity.id);
      if (typeof header === 'number') throw failure(header);
      return header;
    });
  }

  // To go on with something that exists, here or in another process; nothing is logged by that.
  resumeSession(id) {
    return new Session(this.#core, id);
  }

  resumeTrace(id) {
    return new Trace(this.#core, id);
  }

  resumeSpan(id) {
    return new Span(this.#core, id);
  }

  resumeGeneration(id) {
    return new Generation(this.#core, id);
  }

  resumeRetrieval(id) {
    return new Retrieval(this.#core, id);
  }

  resumeToolCall(id) {
    return new ToolCall(this.#core, id);
  }

  /** The session, trace or span of the innermost `with…` that the caller runs in. */
  get current() {
    return this.#context.getStore();
  }

  /** Runs `work(session)`; traces started in it, also after an await, belong to the session. */
  withSession(...values) {
    return this.#with(values, (config, work) => this.#within(this.session(config), work));
  }

  /** Runs `work(trace)`, and ends the trace after it. What it throws is logged and thrown on. */
  withTrace(...values) {
    return this.#with(values, (config, work) => this.#within(this.trace(config), work));
  }

  /** The same with a span of the current trace or span; outside of one, with a trace of its own. */
  withSpan(...values) {
    return this.#with(values, (config, work) => {
      const { current } = this;
      if (current instanceof Trace || current instanceof Span) return this.#within(current.addSpan(config), work);
      return this.withTrace(readable(config, ['name']), () => this.withSpan(config, work));
    });
  }

  /** Takes what a `with…` is given apart; where there is no function to run, the call is refused and gives undefined. */
  #with(values, run) {
    const [config, work] = typeof values[0] === 'function' ? [{}, values[0]] : [values[0] ?? {}, values[1]];
    if (typeof work === 'function') return run(config, work);
    return this.#core.refuse(new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `work: ${shown(work)} is no function; give one that is run`));
  }

  #within(entity, work) {
    const failed = (error) => {
      entity.addError?.(isError(error) ? error : { message: messageText(error) });
      entity.end();
      throw error;
    };
    const ended = (value) => {
      entity.end();
      return value;
    };
    return this.#context.run(entity, () => {
      let result;
      try {
        result = work(entity);
      } catch (error) {
        return failed(error);
      }
      if (typeof fenced(() => result?.then) === 'function') {
        // Whatever its own `then` does, the end comes once.
        return new Promise((resolve) => resolve(result)).then(ended, failed);
      }
      ended(result);
      if (typeof fenced(() => result?.next) === 'function' && comesLater(result) !== undefined) {
        // A generator function: nothing of it has run yet, and what it will log comes after the end.
        const { constructor } = entity;
        this.#core.happened(new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `work: it gave ${comesLater(result)}, and the ${constructor.entity} has ended; read it in work`), 0);
      }
      return result;
    });
  }

  /** Sends one line of the caller's making: any action on any entity. */
  commit(entity, id, action, data = {}) {
    this.#core.attempt(() => this.#core.invoke(native.commit, numberOf(ENTITIES, entity ?? '', 'entity'), entities.validId(id), optionalText(action, 'action'), json(data, 'data')));
  }

  /** Sends every record from now on to a further repository or endpoint too; gives the sink's number. */
  addSink(options) {
    return this.#core.attempt(() => {
      checkOptions(options, LOGGER, 'a sink');
      if (options.onMask) throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', 'onMask: give it to the logger; what leaves its sinks is what leaves itself');
      return this.#core.invoke(native.loggerAddSink, configuration(options))[0];
    });
  }

  /** What became of the records of the logger, or of one of its sinks. */
  stats(sink = 0) {
    return this.#core.attempt(() => this.#core.invoke(native.loggerStats, numeric(Number.isNaN(sink) ? 'NaN' : sink, 'sink')));
  }

  /** The directory for records that cannot be sent yet; undefined when they are kept in memory only. */
  get spoolDir() {
    return this.#core.attempt(() => this.#core.invoke(native.loggerSpoolDir)) ?? undefined;
  }

  get canAccessFilesystem() {
    return this.#core.attempt(() => this.#core.invoke(native.canAccessFilesystem)) ?? false;
  }

  /**
   * Sends everything. Never rejects: gives how many records are still held, and `onError` (or a warning) says why.
   * Nothing is lost by that.
   */
  flush(timeoutMs) {
    return this.#core.flush(timeoutMs);
  }

  /** The same; rejects with a MaximError when something is still held. */
  flushOrThrow(timeoutMs) {
    return this.#core.flushOrThrow(timeoutMs);
  }

  /** The same, blocking the thread: for `process.on('exit', …)`, where no promise is awaited. */
  flushSync(timeoutMs) {
    this.#core.flushSync(timeoutMs);
  }

  /** Asks whether the log repository exists and the API key is accepted; rejects with a MaximError when not. */
  check(timeoutMs = 30_000) {
    return this.#core.wait(native.check, timeoutMs);
  }

  /** Sends log lines, without attachments. */
  flushCommitLogs(timeoutMs = 30_000) {
    return this.#core.wait(native.flushCommitLogs, timeoutMs);
  }

  /** Uploads attachments, without log lines. */
  flushAttachments(timeoutMs = 30_000) {
    return this.#core.wait(native.flushAttachments, timeoutMs);
  }

  /** Sends what earlier loggers left behind in files. */
  flushLogFiles(timeoutMs = 30_000) {
    return this.#core.wait(native.flushLogFiles, timeoutMs);
  }

  /**
   * Deletes everything that is held and not delivered, as a request to delete data asks for: records and attachments,
   * what earlier loggers left behind, and what is in quarantine. A request that is under way may still arrive.
   */
  purge() {
    return this.#core.wait(native.purge, 0);
  }

  /** Writes what is held to files, where it survives a reboot. */
  writeToFile(timeoutMs = 30_000) {
    return this.#core.wait(native.writeToFile, timeoutMs);
  }

  /**
   * Sends what is held and ends. Never rejects: gives how many records are left for the next logger, and `onError`
   * (or a warning) says why.
   */
  close(timeoutMs) {
    return this.#core.close(timeoutMs);
  }

  /** The same; rejects with a MaximError when something is left. */
  closeOrThrow(timeoutMs) {
    return this.#core.closeOrThrow(timeoutMs);
  }

  /** The public SDK's name of `close`. */
  async cleanup(timeoutMs) {
    await this.close(timeoutMs);
  }

  async [Symbol.asyncDispose]() {
    await this.cleanup();
  }
}

// The public SDK's methods of the logger that take an id: `logger.traceTag(traceId, key, value)`.
const BY_ID = {
  session: [
    'resumeSession',
    {
      Tag: 'addTag',
      Feedback: 'addFeedback',
      AddMetric: 'addMetric',
      Trace: 'addTrace',
      Event: 'addEvent',
      Metadata: 'addMetadata',
      AddAttachment: 'addAttachment',
    },
  ],
  trace: [
    'resumeTrace',
    {
      Generation: 'addGeneration',
      ToolCall: 'addToolCall',
      Retrieval: 'addRetrieval',
      Span: 'addSpan',
      Error: 'addError',
      Input: 'setInput',
      Output: 'setOutput',
      AddToSession: 'addToSession',
      AddMetric: 'addMetric',
      Tag: 'addTag',
      Event: 'addEvent',
      Feedback: 'addFeedback',
      Metadata: 'addMetadata',
      AddAttachment: 'addAttachment',
    },
  ],
  generation: [
    'resumeGeneration',
    {
      SetModel: 'setModel',
      SetName: 'setName',
      AddTag: 'addTag',
      AddMessage: 'addMessages',
      SetModelParameters: 'setModelParameters',
      AddMetric: 'addMetric',
      Result: 'result',
      Error: 'error',
      Metadata: 'addMetadata',
      AddAttachment: 'addAttachment',
    },
  ],
  span: [
    'resumeSpan',
    {
      Generation: 'addGeneration',
      Retrieval: 'addRetrieval',
      ToolCall: 'addToolCall',
      Span: 'addSpan',
      Tag: 'addTag',
      Error: 'addError',
      Event: 'addEvent',
      Metadata: 'addMetadata',
      AddAttachment: 'addAttachment',
    },
  ],
  retrieval: [
    'resumeRetrieval',
    {
      AddTag: 'addTag',
      Input: 'setInput',
      AddMetric: 'addMetric',
      Output: 'setOutput',
      Metadata: 'addMetadata',
      AddAttachment: 'addAttachment',
    },
  ],
  toolCall: ['resumeToolCall', { Result: 'result', Error: 'error', AddTag: 'addTag', Metadata: 'addMetadata' }],
};

const define = (name, value) => Object.defineProperty(Logger.prototype, name, { value, configurable: true, writable: true });
for (const [prefix, [resume, methods]] of Object.entries(BY_ID)) {
  for (const [suffix, method] of Object.entries(methods)) {
    define(`${prefix}${suffix}`, function byId(id, ...values) {
      const entity = this[resume](id);
      const result = entity[method](...values);
      return result === entity ? undefined : result;
    });
  }
  define(`${prefix}End`, function end(id, data) {
    const entity = this[resume](id);
    if (data === undefined) {
      entity.end();
      return;
    }
    const { endTimestamp, ...members } = readable(data);
    entities.endWith(entity, members, endTimestamp);
  });
  if (prefix !== 'toolCall') {
    define(`${prefix}Evaluate`, function evaluate(id) {
      return this[resume](id).evaluate;
    });
  }
}

/** `new Maxim({ apiKey })`, `await maxim.logger({ id })`: the public SDK's way to a logger. */
class Maxim {
  #options;
  #loggers = new Map();

  constructor(options = {}) {
    // The public SDK's options for what is not logging.
    const { promptManagement: _prompts, cache: _cache, ...own } = options;
    checkOptions(own, LOGGER, 'Maxim');
    this.#options = own;
  }

  /** The logger for a repository; the same one for the same id. */
  async logger(config) {
    const open = this.#loggers.get(config.id);
    if (open) return open;
    const logger = new Logger({ ...this.#options, ...config });
    this.#loggers.set(config.id, logger);
    return logger;
  }

  async cleanup() {
    const loggers = [...this.#loggers.values()];
    this.#loggers.clear();
    await Promise.all(loggers.map((logger) => logger.cleanup()));
  }
}

module.exports = { Logger, Maxim, configuration };
