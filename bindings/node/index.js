'use strict';

// The package: everything public, for `require`. index.mjs gives the same objects to `import`.

const native = require('./lib/native.js');
const { MaximError } = require('./lib/error.js');
const { Logger, Maxim } = require('./lib/logger.js');
const { kinds, normaliseResult } = require('./lib/entities.js');
const { LogClient, Flow } = require('./lib/log-client.js');

module.exports = {
  Logger,
  Maxim,
  MaximLogger: Logger,
  MaximError,
  ...kinds,
  LogClient,
  Flow,
  normaliseResult,
  version: native.version(),
  isRunningOnLambda: native.isRunningOnLambda,
};
