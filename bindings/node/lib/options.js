'use strict';

// What the options of a logger and of a log client are called, and a telling refusal of what they are not: an option
// with a typo would be ignored in silence otherwise, and `baseURL` would send a test's records to production.

const { MaximError } = require('./error.js');
const { cut, fenced, mustBeThere, written } = require('./values.js');

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
  'spoolDirFallback',
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

const BOOLEANS = ['allowPlaintext', 'autoFlush', 'captureContent', 'debug', 'disabled', 'extractMedia', 'isDebug', 'lossy', 'memoryOnly', 'raiseExceptions', 'spoolDirFallback'];

/** The members of the option `retry`. */
const RETRY = ['initialDelayMs', 'maxDelayMs', 'maxRetries'];

/** What an option must be, by its name; undefined where the library says it. */
function wanted(name) {
  if (name.endsWith('Ms')) return ['number', 'a number of milliseconds'];
  if (name.endsWith('Us')) return ['number', 'a number of microseconds'];
  if (name.endsWith('Seconds')) return ['number', 'a number of seconds'];
  if (name.endsWith('Bytes')) return ['number', 'a number of bytes'];
  if (/^on[A-Z]/.test(name)) return ['function', 'a function'];
  if (BOOLEANS.includes(name)) return ['boolean', 'true or false'];
  return { sampleRate: ['number', 'a number from 0 to 1'], batchSize: ['number', 'a number of entries'], maxRetries: ['number', 'a number of retries'], retry: ['object', `an object with ${RETRY.join(', ')}`] }[name];
}

const plain = (name) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Whether the letters of `short` are among those of `long`, in their order. */
function abbreviates(short, long) {
  let at = -1;
  return long.startsWith(short.slice(0, 2)) && [...short].every((letter) => (at = long.indexOf(letter, at + 1)) >= 0);
}

/** The option that is meant: the same but for case and separators, one that begins alike, or a longer form. */
function meant(name, known) {
  const given = plain(name);
  const long = given.length > 2;
  return (
    known.find((option) => plain(option) === given) ??
    known.find((option) => long && (plain(option).startsWith(given) || given.startsWith(plain(option)))) ??
    known.find((option) => long && abbreviates(given, plain(option)))
  );
}

/** An option's value for a message; of a key nothing is shown. */
function shown(name, value) {
  if (name === 'apiKey') return 'of a wrong type';
  return typeof value === 'number' ? String(value) : cut(fenced(() => written(value)));
}

/** Whether a value is of a type; a number is also none below 0, which no option means. */
const isOf = (type, value) => typeof value === type && (type !== 'number' || value >= 0);

/** Throws a MaximError that names the first option that is none of the known ones, or not what it must be. */
function checkOptions(options, known, what) {
  if (typeof options !== 'object' || options === null) {
    throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${what} takes an object with options; the options are ${known.join(', ')}`);
  }
  for (const name of Object.keys(options)) {
    const value = options[name];
    if (value === undefined || value === null) continue;
    mustBeThere(value, name);
    if (known.includes(name)) {
      const [type, kind] = wanted(name) ?? [];
      if (name === 'retry' && isOf(type, value)) checkOptions(value, RETRY, 'retry');
      if (type === undefined || isOf(type, value)) continue;
      throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${name} is ${shown(name, value)}; give ${kind}${type === 'number' && value < 0 ? ', which is not negative' : ''}`);
    }
    const suggestion = meant(name, known);
    const remedy = suggestion ? `did you mean ${suggestion}?` : `the options are ${known.join(', ')}`;
    throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${what} has no option ${name}; ${remedy}`);
  }
}

module.exports = { LOGGER, LOG_CLIENT, checkOptions };
