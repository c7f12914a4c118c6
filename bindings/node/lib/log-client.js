'use strict';

// The client of the structured log API: an application's own log entries, flows, and raw documents.

const native = require('./native.js');
const { Core } = require('./core.js');
const { failure } = require('./error.js');
const { bytes, isError, numberOf, optionalJson } = require('./values.js');
const { configuration: loggerConfiguration } = require('./logger.js');

const FUNCTIONS = {
  create: native.logClientNew,
  flush: native.logFlushAsync,
  block: native.logFlush,
  end: native.logDisconnect,
  free: native.logClientFree,
};

const LEVELS = { debug: 0, info: 1, warn: 2, error: 3 };
const ENVIRONMENTS = { development: 0, staging: 1, production: 2 };
const FORMATS = { json: 0, jsonl: 1, syslog: 2, text: 3, csv: 4, obl: 5 };

const DEFAULT_TIMEOUT_MS = 30_000;

/** How many causes of an error are shown: a chain that is longer, or a ring, says nothing new. */
const MAX_CAUSES = 8;

/** The stack of an error and of what caused it. */
function stackOf(error) {
  const stacks = [];
  for (let at = error; isError(at) && stacks.length < MAX_CAUSES; at = at.cause) stacks.push(String(at.stack));
  return stacks.join('\nCaused by: ');
}

/** Options as the addon's configuration: the client's own members, and those of a logger. */
function configuration(options) {
  const { retry = {} } = options;
  return {
    ...loggerConfiguration(options),
    source: options.source,
    environment: numberOf(ENVIRONMENTS, options.environment, 'environment'),
    endpoint: options.endpoint,
    version: options.version,
    dataset: options.dataset,
    user_id: options.userId,
    session_id: options.sessionId,
    batch_size: options.batchSize,
    min_level: numberOf(LEVELS, options.minLevel, 'minLevel'),
    max_retries: retry.maxRetries,
    initial_delay_ms: retry.initialDelayMs,
    max_delay_ms: retry.maxDelayMs,
  };
}

let coreOf;

/** What a client and a flow have in common: a handle to log into, and the client's rules. */
class Log {
  #core;
  #invoke;

  constructor(core, invoke) {
    this.#core = core;
    this.#invoke = invoke;
  }

  static {
    coreOf = (log) => log.#core;
  }

  #log(method, message, data, options) {
    this.#core.attempt(() => this.#invoke(method, message, optionalJson(data), optionalJson(options?.tags)));
  }

  debug(message, data, options) {
    this.#log(this.constructor.calls.debug, message, data, options);
  }

  info(message, data, options) {
    this.#log(this.constructor.calls.info, message, data, options);
  }

  warn(message, data, options) {
    this.#log(this.constructor.calls.warn, message, data, options);
  }

  /** Logs an error: `data` is an Error, or an object as for the other levels. */
  error(message, data, options) {
    if (!isError(data)) {
      this.#log(this.constructor.calls.error, message, data, options);
      return;
    }
    const { errorWith } = this.constructor.calls;
    this.#core.attempt(() => {
      const error = [String(data.name), String(data.message), stackOf(data)];
      this.#invoke(errorWith, message, ...error, optionalJson(options?.tags));
    });
  }
}

/** The steps of one piece of work, numbered. */
class Flow extends Log {
  static calls = {
    debug: native.flowDebug,
    info: native.flowInfo,
    warn: native.flowWarn,
    error: native.flowError,
    errorWith: native.flowErrorWith,
  };

  #handle;

  constructor(core, handle) {
    super(core, (method, ...values) => {
      const status = method(handle, ...values);
      if (typeof status === 'number') throw failure(status);
    });
    this.#handle = handle;
  }

  get id() {
    return native.flowId(this.#handle);
  }

  get name() {
    return native.flowName(this.#handle);
  }

  /** The index of the next step. */
  get stepIndex() {
    return native.flowStepIndex(this.#handle);
  }
}

class LogClient extends Log {
  static calls = {
    debug: native.logDebug,
    info: native.logInfo,
    warn: native.logWarn,
    error: native.logError,
    errorWith: native.logErrorWith,
  };

  /** Throws MaximError when it cannot be made; log calls don't, unless `raiseExceptions` is set. */
  constructor(options = {}) {
    const core = new Core(FUNCTIONS, configuration(options), options);
    super(core, (method, ...values) => core.invoke(method, ...values));
  }

  #attempt(method, ...values) {
    const core = coreOf(this);
    return core.attempt(() => core.invoke(method, ...values));
  }

  /** Logs an entry with every member that the API knows. */
  log(entry) {
    const core = coreOf(this);
    core.attempt(() => {
      const { error = {} } = entry;
      core.invoke(native.log, {
        level: numberOf(LEVELS, entry.level ?? 'info', 'level'),
        message: entry.message,
        data_json: optionalJson(entry.data),
        user_id: entry.userId,
        session_id: entry.sessionId,
        request_id: entry.requestId,
        error_name: entry.errorName ?? error.name,
        error_stack: entry.errorStack ?? (isError(error) ? stackOf(error) : undefined),
        tags_json: optionalJson(entry.tags),
        flow_id: entry.flowId,
        step_index: entry.stepIndex,
        dataset: entry.dataset,
        timestamp_ms: entry.timestamp === undefined ? undefined : Number(entry.timestamp),
        ip_address: entry.ipAddress,
        country: entry.country,
      });
    });
  }

  /** Sets the user of the entries from now on; without an argument, clears it. */
  setUserId(userId) {
    this.#attempt(native.logSetUserId, userId);
  }

  setSessionId(sessionId) {
    this.#attempt(native.logSetSessionId, sessionId);
  }

  /** Whether an entry of this level is sent. */
  shouldLog(level) {
    return this.#attempt(native.logWouldLog, LEVELS[level] ?? -1) ?? false;
  }

  stats() {
    return this.#attempt(native.logClientStats);
  }

  /** A flow with an id of this process's making. Throws MaximError when it cannot be made. */
  flow(name) {
    const core = coreOf(this);
    return new Flow(core, core.demand(native.flowNew, name));
  }

  /** A flow with an id from the service. */
  async flowRemote(name, timeoutMs = DEFAULT_TIMEOUT_MS) {
    const core = coreOf(this);
    return new Flow(core, await core.wait(native.flowNewRemote, name, timeoutMs));
  }

  /** Sends a document (a string or bytes) in a format that the service parses, and waits for the answer. */
  async ingestRaw(body, format, options = {}, timeoutMs = DEFAULT_TIMEOUT_MS) {
    await coreOf(this).wait(native.ingestRaw, ...rawArguments(body, format, options), timeoutMs);
  }

  /** The same in the background: it is kept and tried again like every record. */
  ingestRawAsync(body, format, options = {}) {
    const core = coreOf(this);
    core.attempt(() => core.invoke(native.ingestRawAsync, ...rawArguments(body, format, options)));
  }

  flush(timeoutMs) {
    return coreOf(this).flush(timeoutMs);
  }

  /** The same, blocking the thread: for `process.on('exit', …)`, where no promise is awaited. */
  flushSync(timeoutMs) {
    coreOf(this).flushSync(timeoutMs);
  }

  /** Sends what is held and ends; rejects when something had to be left for the next client. */
  close(timeoutMs) {
    return coreOf(this).close(timeoutMs);
  }

  /** The public client's name of `close`; never rejects. */
  async disconnect(timeoutMs) {
    const core = coreOf(this);
    await core.close(timeoutMs).catch((error) => core.happened(error, 0));
  }

  async [Symbol.asyncDispose]() {
    await this.disconnect();
  }
}

function rawArguments(body, format, options) {
  const raw = {
    source: options.source,
    environment: numberOf(ENVIRONMENTS, options.environment, 'environment'),
    level: numberOf(LEVELS, options.level, 'level'),
    dataset: options.dataset,
  };
  return [bytes(body, 'the body'), numberOf(FORMATS, format, 'format'), raw];
}

module.exports = { LogClient, Flow };
