'use strict';

// A handle of the C library and the rules for calls on it: what is refused goes to `onError`, or is
// thrown where exceptions were asked for; what takes time is a promise; after `close` everything is
// refused. The handle is private to this class: no value that JavaScript code can make stands for it.

const native = require('./native.js');
const { ENTITIES } = require('./constants.js');
const { MaximError, failure, asMaximError } = require('./error.js');
const { listen, later } = require('./event-queue.js');
const { numeric } = require('./values.js');

/** How long `flush` and `close` try before they give up waiting; nothing is lost by that. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** The time that was given for a close; where that is none, the default. */
const within = (timeoutMs) => (typeof timeoutMs === 'number' && !Number.isNaN(timeoutMs) ? timeoutMs : DEFAULT_TIMEOUT_MS);

/** How long a program that ends by itself takes to send what it logged last, at most. */
const AT_END_MS = 2_000;

/** The same kind of warning is given again after so long. */
const WARNING_PAUSE_MS = 10_000;

const ON_LAMBDA = native.isRunningOnLambda();

// The id of the last call, when it was accepted: the addon still has it, and the handle stands for it. Reading the
// same string again would cost as much as the way into the addon. An entity may have been given no id, which is
// undefined, and is no other one's.
const NONE = null;
let lastId = NONE;

/** What a mask is told that a text belongs to, by its number. */
const ENTITY_NAMES = Object.keys(ENTITIES);

// The cores that are not closed, held weakly: of the process, not of this module, which test runners and development
// servers evaluate again and again. One listener serves them all, and keeps none of those modules.
const OPEN = Symbol.for('libmaxim.open.1');
const open = (process[OPEN] ??= sentAtEnd(new Set()));

class Core {
  #handle;
  #functions;
  #onError;
  #onDebug;
  #onMask;
  #raise;
  #closing;
  #warned = new Map();
  #self = new WeakRef(this);
  #triedAtEnd = false;

  /**
   * `functions` are the addon's for this kind of handle: create, flush, end, free and so on. Throws MaximError.
   */
  constructor(functions, config, { onError, onDebug, onMask, raiseExceptions = false, lossy = true } = {}) {
    this.#functions = functions;
    this.#onError = onError;
    this.#onDebug = onDebug;
    this.#onMask = onMask;
    this.#raise = raiseExceptions;
    this.lossy = lossy;
    let made;
    try {
      made = functions.create(config, listen(this), typeof onDebug === 'function', typeof onMask === 'function');
    } catch (error) {
      throw asMaximError(error);
    }
    if (typeof made === 'number') throw failure(made);
    this.#handle = made;
    open.add(this.#self);
  }

  /** One log call on an entity, with arguments that need no conversion. */
  call(method, id, a, b) {
    const given = id === lastId ? this.#handle : id;
    lastId = NONE;
    let status;
    try {
      status = method(this.#handle, given, a, b);
    } catch (error) {
      this.refuse(error);
      return;
    }
    if (status === undefined) lastId = id;
    else this.refuse(failure(status));
  }

  /** A call that throws when it is refused, and gives what the addon's function gave. */
  invoke(method, ...values) {
    lastId = NONE;
    const result = method(this.#handle, ...values);
    if (typeof result === 'number') throw failure(result);
    return result;
  }

  /** The same for what is not a log call: a refusal is thrown, whatever the logger does with log calls. */
  demand(method, ...values) {
    try {
      return this.invoke(method, ...values);
    } catch (error) {
      throw this.#handle === undefined ? closedError() : asMaximError(error);
    }
  }

  /** Does `work`, which may throw: then that is the refused call, and the result is undefined. */
  attempt(work) {
    try {
      return work();
    } catch (error) {
      return this.refuse(error);
    }
  }

  /** Reports a refused call. */
  refuse(error) {
    const refused = this.#handle === undefined ? closedError() : asMaximError(error);
    if (this.#raise) throw refused;
    this.happened(refused, 0);
  }

  /** Reports what went wrong; without a hook, as a warning of the process, each kind once in ten seconds. */
  happened(error, records) {
    if (typeof this.#onError === 'function') {
      error.records = records;
      try {
        this.#onError(error);
      } catch (thrown) {
        // A hook that throws must not take its log call with it.
        warn(`onError threw: ${asMaximError(thrown).message}`, error.code);
      }
      return;
    }
    const now = performance.now();
    const last = this.#warned.get(error.code);
    if (last !== undefined && now - last < WARNING_PAUSE_MS) return;
    this.#warned.set(error.code, now);
    warn(error.message, error.code);
  }

  /**
   * What the program's mask makes of a text, inside the log call: undefined leaves it. A mask that throws, or gives
   * something else, drops the text, and the record goes without it.
   */
  mask(entity, field, text) {
    try {
      const masked = this.#onMask(ENTITY_NAMES[entity] ?? 'log_entry', field, text);
      if (masked === undefined || typeof masked === 'string') return masked;
      throw new TypeError('it must give a text, or undefined to leave it');
    } catch (error) {
      const { message } = asMaximError(error);
      this.happened(new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `onMask failed: ${message}; the text was dropped`), 0);
      throw error;
    } finally {
      // What the mask logged has its own ids, and the addon's is that of the call around it again.
      lastId = NONE;
    }
  }

  /** The same for a document that is sent on another thread: what is to be sent. */
  maskDocument(bytes) {
    if (typeof this.#onMask !== 'function') return bytes;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
    const masked = this.mask(undefined, 'document', text);
    return masked === undefined ? bytes : Buffer.from(masked);
  }

  debug(line) {
    this.#onDebug(line);
  }

  /** Runs a call that the library only has in a blocking form on another thread; the last value is how long it may take. */
  async wait(method, ...values) {
    if (this.#handle === undefined) throw closedError();
    const timeoutMs = numeric(values.pop(), 'timeoutMs');
    let result;
    try {
      result = await method(this.#handle, ...values, timeoutMs);
    } catch (error) {
      throw asMaximError(error);
    }
    if (Array.isArray(result)) throw failure(...result);
    return result;
  }

  /** Sends what is held, without a thread of ours waiting; gives how many records are still held. */
  async flush(timeoutMs) {
    try {
      await this.flushOrThrow(timeoutMs);
    } catch (error) {
      this.happened(error, 0);
    }
    return this.#held(this.#handle);
  }

  /** The same; rejects with a MaximError when something is still held. */
  async flushOrThrow(timeoutMs = DEFAULT_TIMEOUT_MS) {
    if (this.#handle === undefined) throw closedError();
    await this.#send(this.#handle, timeoutMs);
  }

  /** On Lambda the library sends on the thread that asks for it, which must not be the event loop's. */
  async #send(handle, timeoutMs) {
    if (!ON_LAMBDA) return later((number) => this.#functions.flush(handle, timeoutMs, number));
    const failed = await this.#functions.wait(handle, timeoutMs);
    if (failed !== undefined) throw failure(...failed);
  }

  /** The same, blocking this thread: for the process's exit handlers. Throws MaximError. */
  flushSync(timeoutMs = DEFAULT_TIMEOUT_MS) {
    if (this.#handle === undefined) throw closedError();
    const status = this.#functions.block(this.#handle, timeoutMs);
    if (status !== undefined) throw failure(status);
  }

  #held(handle) {
    return handle === undefined ? 0 : (this.#functions.stats(handle)?.held ?? 0);
  }

  /** Refuses further calls, sends what is held, gives the handle back, and gives how many records are left. */
  async close(timeoutMs) {
    const first = this.#closing === undefined;
    this.#closing ??= this.#close(within(timeoutMs));
    const { left, error } = await this.#closing;
    if (first && error) this.happened(error, 0);
    return left;
  }

  /** The same; rejects with a MaximError when something is left. Further closes wait for the first. */
  async closeOrThrow(timeoutMs) {
    this.#closing ??= this.#close(within(timeoutMs));
    const { error } = await this.#closing;
    if (error) throw error;
  }

  async #close(timeoutMs) {
    const handle = this.#handle;
    const result = {};
    // Sends what earlier processes left too: where every process is short, nobody else would.
    const ended = later((number) => this.#functions.end(handle, timeoutMs, number));
    this.#handle = undefined;
    open.delete(this.#self);
    try {
      await ended;
    } catch (error) {
      result.error = asMaximError(error);
    }
    result.left = this.#held(handle);
    this.#functions.free(handle);
    return result;
  }

  /** Sends what is held, as the program ends by itself. */
  sendAtEnd() {
    // Once for each state of things: an end that the flush has put off must not be put off for ever.
    if (this.#triedAtEnd || this.#held(this.#handle) === 0) return;
    this.#triedAtEnd = true;
    this.#send(this.#handle, AT_END_MS).catch((error) => this.happened(asMaximError(error), 0));
  }
}

/** `process.exit` does not come here; what it leaves is sent by the next program. */
function sentAtEnd(cores) {
  process.on('beforeExit', () => {
    for (const reference of cores) {
      const core = reference.deref();
      if (core === undefined) cores.delete(reference);
      else core.sendAtEnd();
    }
  });
  return cores;
}

function warn(message, code) {
  process.emitWarning(message, { type: 'MaximWarning', code });
}

function closedError() {
  return new MaximError('MAXIM_ERR_CLOSED', 'the logger is closed');
}

module.exports = { Core };
