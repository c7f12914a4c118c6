'use strict';

// A destination and a transport for pino: entries go to the structured log client.
//
//     pino(maximStream({ source: 'shop', environment: 'production' }))                      this thread
//     pino({ transport: { target: 'libmaxim/pino', options: { source: 'shop', … } } })     pino's worker
//
// Both take the options of LogClient, or `client`, one that exists.

const { Writable } = require('node:stream');
const { clientOf, levelOf } = require('./client.js');

/** One line of pino as an entry. */
function entryOf(line) {
  const { level, time, msg, err, pid: _pid, hostname: _hostname, v: _v, ...data } = JSON.parse(line);
  const entry = { level: levelOf(level), message: String(msg ?? err?.message ?? '') || '(no message)' };
  if (typeof time === 'number') entry.timestamp = time;
  if (err) {
    entry.errorName = err.type;
    entry.errorStack = err.stack;
    data.message = err.message;
  }
  if (Object.keys(data).length > 0) entry.data = data;
  return entry;
}

function maximStream(options = {}) {
  const { client, owned } = clientOf(options);
  let rest = '';
  const write = (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (!line) continue;
      try {
        client.log(entryOf(line));
      } catch {
        client.info(line);
      }
    }
  };
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      write(chunk);
      done();
    },
    final(done) {
      if (rest) write('\n');
      if (!owned) client.flush().then(() => done(), () => done());
      else client.disconnect().then(() => done(), done);
    },
  });
}

module.exports = maximStream;
module.exports.default = maximStream;
