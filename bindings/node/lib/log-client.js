'use strict';

// The client of the structured log API: an application's own log entries, flows, and raw documents.

const builtin = require('./builtin.js');
const { randomUUID } = builtin('node:crypto');
const native = require('./native.js');
const { Core } = require('./core.js');
const { ENVIRONMENTS, FORMATS, LEVELS } = require('./constants.js');
const { MaximError, asMaximError, failure } = require('./error.js');
const { knownLevel } = require('./levels.js');
const { checkOptions, LOG_CLIENT } = require('./options.js');
const { bytes, fenced, isError, messageText, milliseconds, nameText, numberOf, optionalJson, plainMembers, present, readable, there, whole } = require('./values.js');
const { configuration: loggerConfiguration } = require('./logger.js');

const FUNCTIONS = {
  create: native.logClientNew,
  flush: native.logFlushAsync,
  block: native.logFlush,
  end: native.logDisconnectAsync,
  free: native.logClientFree,
  stats: native.logClientStats,
  wait: native.logFlushWait,
};

const DEFAULT_TIMEOUT_MS = 30_000;

/** How many causes of an error are shown: a chain that is longer, or a ring, says nothing new. */
const MAX_CAUSES = 8;

/** The stack of an error, of what caused it, and of the errors that an AggregateError is made of. */
function stackOf(error) {
  const stacks = [];
  for (let at = error; isError(at) && stacks.length < MAX_CAUSES; at = fenced(() => at.cause)) {
    stacks.push(ownStack(at));
    const parts = fenced(() => at.errors);
    if (Array.isArray(parts)) stacks.push(...parts.filter(isError).slice(0, MAX_CAUSES).map(ownStack));
  }
  return stacks.join('\nCaused by: ');
}

const ownStack = (error) => fenced(() => String(error.stack ?? `${error.name}: ${error.message}`));

/** An id, a name, a country: a text that is short; numbers and the like are given as their text. */
const shortText = (value) => (value === undefined || value === null ? undefined : messageText(value));

/** Options as the addon's configuration: the client's own members, and those of a logger. */
function configuration(options) {
  const retry = options.retry ?? {};
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

const ENTRY_MEMBERS = [
  'level',
  'message',
  'data',
  'userId',
  'sessionId',
  'requestId',
  'error',
  'errorName',
  'errorStack',
  'tags',
  'flowId',
  'stepIndex',
  'dataset',
  'timestamp',
  'ipAddress',
  'country',
];

/**
 * The level of an entry; other loggers' levels are taken as ours. One that is none is reported, and the entry has that of
 * an error where there is one, unless the client is strict.
 */
function levelOf(core, level, error) {
  if (!core.lossy) return numberOf(LEVELS, level ?? 'info', 'level');
  const known = level === undefined || level === null ? 'info' : knownLevel(level);
  if (known !== undefined) return LEVELS[known];
  try {
    numberOf(LEVELS, level, 'level');
  } catch (refusal) {
    core.refuse(refusal);
  }
  return LEVELS[error ? 'error' : 'info'];
}

/** The tags of an entry; none where they cannot be read. */
const tagsOf = (core, options) => (options === undefined || options === null ? undefined : optionalJson(present(core, options, ['tags']).tags));

/** Data as an object: of what is no plain one, its member `value`. */
const membersOf = (data) => {
  const isPlain = fenced(() => typeof data === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(data))) === true;
  return isPlain ? readable(data) : { value: data };
};

/** Data and the error beside them; the error alone where there are none. */
function withError(data, error) {
  if (data === undefined || data === null) return error;
  const members = membersOf(data);
  return { ...members, [Object.hasOwn(members, 'error') ? 'exception' : 'error']: error };
}

/** What an error has besides name, message and stack; objects (a whole request) are left out. */
function detailsOf(error) {
  const { name: _name, message: _message, stack: _stack, ...more } = readable(error);
  const details = plainMembers(more);
  return Object.keys(details).length > 0 ? details : undefined;
}

/** What is given with an entry's tags, where only these were expected. */
function moreThanTags(options) {
  const { tags: _tags, ...more } = readable(options ?? {});
  return Object.keys(more).length > 0 ? more : undefined;
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
    this.#core.attempt(() => {
      const given = there(this.#core, data, 'data');
      // An error in the place of the message is data, or among them.
      const about = isError(message) ? withError(given, message) : given;
      this.#invoke(method, messageText(message), optionalJson(about), tagsOf(this.#core, options));
    });
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

  /**
   * Logs an error: `data` is an Error, or an object as for the other levels. The Error alone is enough, in the place of the
   * message; data may stand beside it there, or as further members of `options` behind it.
   */
  error(message, data, options) {
    const [error, beside] = isError(data) ? [data, moreThanTags(options)] : [isError(message) ? message : undefined, data];
    if (error === undefined) {
      this.#log(this.constructor.calls.error, message, data, options);
      return;
    }
    const { calls, errorWithData } = this.constructor;
    this.#core.attempt(() => {
      const given = there(this.#core, beside, 'data');
      const details = detailsOf(error);
      const about = given === undefined || given === null || details === undefined ? (given ?? details) : { ...details, ...membersOf(given) };
      const tags = tagsOf(this.#core, options);
      const parts = [fenced(() => String(error.name)), messageText(error), stackOf(error)];
      if (about === undefined || about === null) this.#invoke(calls.errorWith, messageText(message), ...parts, tags);
      else this.#invoke(...errorWithData(messageText(message), error, parts, about, tags));
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

  // A step has no error of its own beside its data.
  static errorWithData = (message, error, _parts, data, tags) => [native.flowError, message, optionalJson(withError(data, error)), tags];

  #id;
  #name;
  #handle;

  /** `handle` is the error, where the flow was refused: then each of its entries is. */
  constructor(core, handle, name) {
    const refused = handle instanceof MaximError;
    super(core, (method, ...values) => {
      if (refused) throw handle;
      const status = method(handle, ...values);
      if (typeof status === 'number') throw failure(status);
    });
    this.#id = refused ? randomUUID() : native.flowId(handle);
    this.#name = refused ? (name ?? '') : native.flowName(handle);
    this.#handle = refused ? undefined : handle;
  }

  get id() {
    return this.#id;
  }

  get name() {
    return this.#name;
  }

  /** The index of the next step; -1 for a flow that was refused. */
  get stepIndex() {
    return this.#handle === undefined ? -1 : native.flowStepIndex(this.#handle);
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

  // The error's own message is among the data, as without any.
  static errorWithData = (message, _error, [name, own, stack], data, tags) => [
    native.log,
    { level: LEVELS.error, message, data_json: optionalJson({ message: own, ...membersOf(data) }), error_name: name, error_stack: stack, tags_json: tags },
  ];

  /** Throws MaximError when it cannot be made; log calls don't, unless `raiseExceptions` is set. */
  constructor(options = {}) {
    checkOptions(options, LOG_CLIENT, 'LogClient');
    const core = new Core(FUNCTIONS, configuration(options), options);
    super(core, (method, ...values) => core.invoke(method, ...values));
  }

  #attempt(method, ...values) {
    const core = coreOf(this);
    return core.attempt(() => core.invoke(method, ...values));
  }

  /** Logs an entry with every member that the API knows. */
  log(given) {
    const core = coreOf(this);
    core.attempt(() => {
      const entry = typeof given === 'object' && given !== null ? present(core, given, ENTRY_MEMBERS) : {};
      const { error } = entry;
      core.invoke(native.log, {
        level: levelOf(core, entry.level, error),
        message: messageText(entry.message ?? error ?? (Object.keys(entry).length > 0 ? '(no message)' : given)),
        data_json: optionalJson(entry.data),
        user_id: shortText(entry.userId),
        session_id: shortText(entry.sessionId),
        request_id: shortText(entry.requestId),
        error_name: shortText(entry.errorName ?? fenced(() => error?.name)),
        error_stack: shortText(entry.errorStack ?? (isError(error) ? stackOf(error) : undefined)),
        tags_json: optionalJson(entry.tags),
        flow_id: shortText(entry.flowId),
        step_index: whole(entry.stepIndex, core.lossy),
        dataset: shortText(entry.dataset),
        timestamp_ms: milliseconds(entry.timestamp),
        ip_address: shortText(entry.ipAddress),
        country: shortText(entry.country),
      });
    });
  }

  /** Sets the user of the entries from now on; without an argument, clears it. */
  setUserId(userId) {
    this.#attempt(native.logSetUserId, shortText(userId));
  }

  setSessionId(sessionId) {
    this.#attempt(native.logSetSessionId, shortText(sessionId));
  }

  /** Whether an entry of this level is sent. */
  shouldLog(level) {
    return this.#attempt(native.logWouldLog, typeof level === 'string' && Object.hasOwn(LEVELS, level) ? LEVELS[level] : -1) ?? false;
  }

  /** As Logger.spoolDir. */
  get spoolDir() {
    return this.#attempt(native.logClientSpoolDir) ?? undefined;
  }

  stats() {
    return this.#attempt(native.logClientStats);
  }

  /** A flow with an id of this process's making. One that is refused is reported, and so are its entries. */
  flow(given) {
    const core = coreOf(this);
    let name;
    try {
      name = nameText(given, core.lossy);
      return new Flow(core, core.demand(native.flowNew, name));
    } catch (error) {
      const refused = asMaximError(error);
      core.refuse(refused);
      return new Flow(core, refused, name);
    }
  }

  /** A flow with an id from the service. */
  async flowRemote(name, timeoutMs = DEFAULT_TIMEOUT_MS) {
    const core = coreOf(this);
    return new Flow(core, await core.wait(native.flowNewRemote, nameText(name, core.lossy), timeoutMs));
  }

  /** Sends a document (a string or bytes) in a format that the service parses, and waits for the answer. */
  async ingestRaw(body, format, options = {}, timeoutMs = DEFAULT_TIMEOUT_MS) {
    const core = coreOf(this);
    const [document, ...rest] = rawArguments(body, format, options);
    await core.wait(native.ingestRaw, core.maskDocument(document), ...rest, timeoutMs);
  }

  /** The same in the background: it is kept and tried again like every record. */
  ingestRawAsync(body, format, options = {}) {
    const core = coreOf(this);
    core.attempt(() => core.invoke(native.ingestRawAsync, ...rawArguments(body, format, options)));
  }

  /** Sends everything. Never rejects: gives how many records are still held. */
  flush(timeoutMs) {
    return coreOf(this).flush(timeoutMs);
  }

  /** The same; rejects with a MaximError when something is still held. */
  flushOrThrow(timeoutMs) {
    return coreOf(this).flushOrThrow(timeoutMs);
  }

  /** The same, blocking the thread: for `process.on('exit', …)`, where no promise is awaited. */
  flushSync(timeoutMs) {
    coreOf(this).flushSync(timeoutMs);
  }

  /** Deletes everything that is held and not delivered: `Logger.purge` for a client. */
  async purge() {
    await coreOf(this).wait(native.logPurge, 0);
  }

  /**
   * Sends what is held and ends. Never rejects: gives how many records are left for the next client, and `onError`
   * (or a warning) says why.
   */
  close(timeoutMs) {
    return coreOf(this).close(timeoutMs);
  }

  /** The same; rejects with a MaximError when something is left. */
  closeOrThrow(timeoutMs) {
    return coreOf(this).closeOrThrow(timeoutMs);
  }

  /** The public client's name of `close`. */
  async disconnect(timeoutMs) {
    await this.close(timeoutMs);
  }

  async [Symbol.asyncDispose]() {
    await this.disconnect();
  }
}

function rawArguments(body, format, options) {
  const { source, environment, level, dataset } = readable(options ?? {}, ['source', 'environment', 'level', 'dataset']);
  const raw = {
    source: shortText(source),
    environment: numberOf(ENVIRONMENTS, environment, 'environment'),
    level: numberOf(LEVELS, level, 'level'),
    dataset: shortText(dataset),
  };
  return [bytes(body, 'body'), numberOf(FORMATS, format ?? '', 'format'), raw];
}

module.exports = { LogClient, Flow };
