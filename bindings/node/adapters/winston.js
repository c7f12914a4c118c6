'use strict';

// A transport for winston: entries go to the structured log client.
//
//     winston.createLogger({ transports: [new MaximTransport({ source: 'shop', environment: 'production' })] })
//
// Takes the options of LogClient, or `client`, one that exists; `level` and `format` are winston's own.

const { Transport } = require('winston');
const { clientOf, levelOf } = require('./client.js');
const { isError, messageText } = require('../lib/values.js');

// Where winston's formats keep the level without colours, and the arguments after the message.
const LEVEL = Symbol.for('level');
const SPLAT = Symbol.for('splat');

class MaximTransport extends Transport {
  #client;
  #owned;

  constructor(options = {}) {
    const { level, format, silent, handleExceptions, handleRejections, ...own } = options;
    super({ level, format, silent, handleExceptions, handleRejections });
    ({ client: this.#client, owned: this.#owned } = clientOf(own));
  }

  log(info, done) {
    const { level, message, stack, ...data } = info;
    const error = isError(info) ? info : info[SPLAT]?.find(isError);
    const entry = { level: levelOf(info[LEVEL] ?? level), message: messageText(message ?? '') || '(no message)' };
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
module.exports.MaximTransport = MaximTransport;
