'use strict';

// A transport for winston: entries go to the structured log client.
//
//     winston.createLogger({ transports: [new MaximTransport({ source: 'shop', environment: 'production' })] })
//
// Takes the options of LogClient, or `client`, one that exists; `level` and `format` are winston's own.

const { Transport } = require('winston');
const { clientOf, levelOf } = require('./client.js');

// Where winston's formats keep the level without colours, and the arguments after the message.
const LEVEL = Symbol.for('level');
const SPLAT = Symbol.for('splat');

class MaximTransport extends Transport {
  #client;
  #owned;

  constructor(options = {}) {
    super({ level: options.level, format: options.format, silent: options.silent });
    ({ client: this.#client, owned: this.#owned } = clientOf(options));
  }

  log(info, done) {
    const { level, message, stack, ...data } = info;
    const error = info instanceof Error ? info : info[SPLAT]?.find((value) => value instanceof Error);
    const entry = { level: levelOf(info[LEVEL] ?? level), message: String(message ?? '') || '(no message)' };
    if (error) entry.error = error;
    else if (stack) Object.assign(entry, { errorName: data.name ?? 'Error', errorStack: stack });
    if (Object.keys(data).length > 0) entry.data = data;
    this.#client.log(entry);
    setImmediate(() => this.emit('logged', info));
    done();
  }

  _final(done) {
    if (this.#owned) this.#client.disconnect().then(() => done(), done);
    else this.#client.flush().then(() => done(), () => done());
  }
}

module.exports = MaximTransport;
module.exports.default = MaximTransport;
