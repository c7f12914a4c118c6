'use strict';

// What the adapters share: a client that they make or are given, and other loggers' levels as ours.

const { LogClient } = require('../lib/log-client.js');
const { knownLevel } = require('../lib/levels.js');

/** The client to log into, and whether it is the adapter's own, to be closed with it. */
function clientOf(options) {
  if (options.client) return { client: options.client, owned: false };
  return { client: new LogClient(options), owned: true };
}

/** A level as ours; what is unknown is an error. */
const levelOf = (level) => knownLevel(level) ?? 'error';

module.exports = { clientOf, levelOf };
