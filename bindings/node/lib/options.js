'use strict';

// What the options of a logger and of a log client are called, and a telling refusal of what they are not: an option
// with a typo would be ignored in silence otherwise, and `baseURL` would send a test's records to production.

const { MaximError } = require('./error.js');

/** The options that a logger and a log client have alike. */
const COMMON = [
  'allowPlaintext',
  'apiKey',
  'blockTimeoutMs',
  'caFile',
  'captureContent',
  'debug',
  'disabled',
  'flushIntervalMs',
  'isDebug',
  'lossy',
  'maskBudgetUs',
  'masks',
  'maxAgeMs',
  'maxDiskBytes',
  'maxFieldBytes',
  'maxMemoryBytes',
  'memoryOnly',
  'onDebug',
  'onError',
  'onMask',
  'otlpCompression',
  'otlpEncoding',
  'otlpHeaders',
  'otlpUrl',
  'overflowPolicy',
  'protocol',
  'proxy',
  'quarantineMaxAgeMs',
  'raiseExceptions',
  'resourceAttributes',
  'serviceName',
  'spoolDir',
];

const LOGGER = [
  ...COMMON,
  'autoFlush',
  'baseUrl',
  'extractMedia',
  'flushIntervalSeconds',
  'id',
  'incompleteAfterMs',
  'maxAttachmentBytes',
  'repositoryId',
  'sampleRate',
];

const LOG_CLIENT = [
  ...COMMON,
  'batchSize',
  'dataset',
  'endpoint',
  'environment',
  'minLevel',
  'retry',
  'sessionId',
  'source',
  'userId',
  'version',
];

const plain = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The option that is meant: the same but for case and separators, or one that begins alike. */
function meant(name, known) {
  const wanted = plain(name);
  return (
    known.find((option) => plain(option) === wanted) ??
    known.find((option) => wanted.length > 2 && (plain(option).startsWith(wanted) || wanted.startsWith(plain(option))))
  );
}

/** Throws a MaximError that names the first option that is none of the known ones. */
function checkOptions(options, known, what) {
  for (const name of Object.keys(options)) {
    if (known.includes(name) || options[name] === undefined) continue;
    const suggestion = meant(name, known);
    const remedy = suggestion ? `did you mean ${suggestion}?` : `the options are ${known.join(', ')}`;
    throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${what} has no option ${name}; ${remedy}`);
  }
}

module.exports = { LOGGER, LOG_CLIENT, checkOptions };
