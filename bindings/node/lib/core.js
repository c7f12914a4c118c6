'use strict';

// A handle of the C library and the rules for calls on it: what is refused goes to `onError`, or is
// thrown where exceptions were asked for; what takes time is a promise; after `close` everything is
// refused. The handle is private to this class: no value that JavaScript code can make stands for it.

const { MaximError, failure, asMaximError } = require('./error.js');
const { listen, later } = require('./mailbox.js');

/** How long `flush` and `close` try before they give up waiting; nothing is lost by that. */
const DEFAULT_TIMEOUT_MS = 30_000;

// The id of the last call, when it was accepted: the addon still has it, and the handle stands for it. Reading the
// same string again would cost as much as the way into the addon.
let lastId;

class Core {
  #handle;
  #functions;
  #onError;
  #onDebug;
  #raise;
  #closing;
  #warned = new Set();

  /**
   * `functions` are the addon's for this kind of handle: create, flush, end, free. Throws MaximError.
   */
  constructor(functions, config, { onError, onDebug, raiseExceptions = false } = {}) {
    this.#functions = functions;
    this.#onError = onError;
    this.#onDebug = onDebug;
    this.#raise = raiseExceptions;
    let made;
    try {
      made = functions.create(config, listen(this), typeof onDebug === 'function');
    } catch (error) {
      throw asMaximError(error);
    }
    if (typeof made === 'number') throw failure(made);
    this.#handle = made;
  }

  /** One log call on an entity, with arguments that need no conversion. */
  call(method, id, a, b) {
    const given = id === lastId ? this.#handle : id;
    lastId = undefined;
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
    lastId = undefined;
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

  /** Reports what went wrong; without a hook, each kind of it is a warning of the process, once. */
  happened(error, records) {
    if (typeof this.#onError === 'function') {
      error.records = records;
      this.#onError(error);
    } else if (!this.#warned.has(error.code)) {
      this.#warned.add(error.code);
      process.emitWarning(error.message, { type: 'MaximWarning', code: error.code });
    }
  }

  debug(line) {
    this.#onDebug(line);
  }

  /** Runs a call that the library only has in a blocking form on another thread. */
  async wait(method, ...values) {
    if (this.#handle === undefined) throw closedError();
    let result;
    try {
      result = await method(this.#handle, ...values);
    } catch (error) {
      throw asMaximError(error);
    }
    if (Array.isArray(result)) throw failure(...result);
    return result;
  }

  /** Sends what is held, without a thread of ours waiting. */
  async flush(timeoutMs = DEFAULT_TIMEOUT_MS) {
    const handle = this.#handle;
    if (handle === undefined) throw closedError();
    await later((number) => this.#functions.flush(handle, timeoutMs, number));
  }

  /** The same, blocking this thread: for the process's exit handlers. Throws MaximError. */
  flushSync(timeoutMs = DEFAULT_TIMEOUT_MS) {
    if (this.#handle === undefined) throw closedError();
    const status = this.#functions.block(this.#handle, timeoutMs);
    if (status !== undefined) throw failure(status);
  }

  /** Refuses further calls, sends what is held, and gives the handle back. Further closes wait for the first. */
  close(timeoutMs = DEFAULT_TIMEOUT_MS) {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs) {
    const handle = this.#handle;
    const sent = later((number) => this.#functions.flush(handle, timeoutMs, number));
    this.#handle = undefined;
    try {
      await sent;
    } finally {
      // What is left goes to files for the next logger; the flush has said how much.
      this.#functions.end(handle, 0);
      this.#functions.free(handle);
    }
  }
}

function closedError() {
  return new MaximError('MAXIM_ERR_CLOSED', 'the logger is closed');
}

module.exports = { Core };
