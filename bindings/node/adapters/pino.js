'use strict';

// A destination and a transport for pino: entries go to the structured log client.
//
//     pino(maximStream({ source: 'shop', environment: 'production' }))                      this thread
//     pino({ transport: { target: 'libmaxim/pino', options: { source: 'shop', … } } })     pino's worker
//
// Both take the options of LogClient, or `client`, one that exists; pino's `messageKey` and `errorKey` are taken from pino.

const builtin = require('../lib/builtin.js');
const { Writable } = builtin('node:stream');
const { parentPort } = builtin('node:worker_threads');
const { clientOf, levelOf } = require('./client.js');
const { messageText, plainMembers } = require('../lib/values.js');

/** One line of pino as an entry; `keys` are the names that pino was told to use. */
function entryOf(line, keys) {
  const { level, time, pid: _pid, hostname: _hostname, v: _v, ...data } = JSON.parse(line);
  const { [keys.message]: msg, [keys.error]: err } = data;
  delete data[keys.message];
  const entry = { level: levelOf(level), message: messageText(msg ?? err?.message ?? '') || '(no message)' };
  // Milliseconds, or a text as pino.stdTimeFunctions.isoTime writes it.
  entry.timestamp = time;
  if (err !== null && typeof err === 'object') {
    delete data[keys.error];
    const { type, message, stack, aggregateErrors, ...more } = err;
    entry.errorName = type;
    entry.errorStack = stack;
    const parts = Array.isArray(aggregateErrors) ? { aggregateErrors: aggregateErrors.map((part) => (part && typeof part === 'object' ? plainMembers(part) : part)) } : {};
    Object.assign(data, { message, ...plainMembers(more), ...parts, ...data });
  }
  if (Object.keys(data).length > 0) entry.data = data;
  return entry;
}

/** The keys that a pino logger uses for message and error; it keeps them under symbols of its own. */
function keysOf(logger, otherwise) {
  const of = (description) => {
    for (let at = logger; at; at = Object.getPrototypeOf(at)) {
      const symbol = Object.getOwnPropertySymbols(at).find((each) => each.description === description);
      if (symbol) return at[symbol];
    }
    return undefined;
  };
  return { message: of('pino.messageKey') ?? otherwise.message, error: of('pino.errorKey') ?? otherwise.error };
}

/** How long lines wait for pino's configuration, in milliseconds. */
const CONFIG_WAIT_MS = 1_000;

// Asks pino to leave its logger on the stream for each line.
const METADATA = Symbol.for('pino.metadata');

function maximStream(options = {}) {
  // pino adds members of its own for a transport in a worker, and then tells its configuration in a message.
  const { messageKey = 'msg', errorKey = 'err', pinoWillSendConfig, $context: _context, ...own } = options;
  let keys = { message: messageKey, error: errorKey };
  let logger;
  const { client, owned } = clientOf(own);
  let rest = '';
  // Lines that came before pino's configuration.
  let early = pinoWillSendConfig && parentPort ? [] : undefined;
  const write = (chunk) => {
    if (early) {
      early.push(chunk);
      return;
    }
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (!line) continue;
      try {
        client.log(entryOf(line, keys));
      } catch {
        client.info(line);
      }
    }
  };
  const begin = () => {
    const chunks = early ?? [];
    early = undefined;
    chunks.forEach(write);
  };
  if (early) {
    parentPort.on('message', ({ code, config }) => {
      if (code !== 'PINO_CONFIG') return;
      keys = { message: config.messageKey ?? messageKey, error: config.errorKey ?? errorKey };
      begin();
    });
    parentPort.unref();
    // An older pino, which promises it and does not send it.
    setTimeout(begin, CONFIG_WAIT_MS).unref();
  }
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      if (this.lastLogger !== undefined && this.lastLogger !== logger) {
        logger = this.lastLogger;
        keys = keysOf(logger, keys);
      }
      write(chunk);
      done();
    },
    final(done) {
      begin();
      if (rest) write('\n');
      if (!owned) client.flush().then(() => done(), () => done());
      else client.close().then(() => done(), done);
    },
  });
  stream[METADATA] = true;
  return stream;
}

module.exports = maximStream;
module.exports.default = maximStream;
module.exports.maximStream = maximStream;
