'use strict';

// What the adapters share: a client that they make or are given, and other loggers' levels as ours.

const { LogClient } = require('../lib/log-client.js');

/** The client to log into, and whether it is the adapter's own, to be closed with it. */
function clientOf(options) {
  if (options.client) return { client: options.client, owned: false };
  return { client: new LogClient(options), owned: true };
}

const NAMES = {
  silly: 'debug',
  trace: 'debug',
  verbose: 'debug',
  debug: 'debug',
  http: 'info',
  notice: 'info',
  info: 'info',
  warning: 'warn',
  warn: 'warn',
};

/** pino's numbers (10 trace … 60 fatal) and winston's, npm's and syslog's names; what is unknown is an error. */
function levelOf(level) {
  if (typeof level === 'number') return level >= 50 ? 'error' : level >= 40 ? 'warn' : level >= 30 ? 'info' : 'debug';
  return NAMES[level] ?? 'error';
}

module.exports = { clientOf, levelOf };
