// Values that cannot be sent as they are: each gives an entry or line, and no call throws. The table is every
// language's; what follows it is what JavaScript alone has.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Logger, LogClient, normaliseResult } from '../index.mjs';
import { KEY, ROOT, scratch, startServer } from './support.mjs';

const { values: TABLE } = JSON.parse(readFileSync(join(ROOT, 'tests/hostile_values.json'), 'utf8'));

const throwing = () => {
  throw new Error('on purpose');
};
const throws = () => ({ toJSON: throwing, toString: throwing, get member() { return throwing(); } });
const cycle = {};
cycle.self = cycle;

/** The value of a row; undefined for what JavaScript's strings cannot hold. */
function value(row) {
  if ('hex' in row || 'json_hex' in row) return undefined;
  if ('text' in row) return row.text.repeat(row.times ?? 1);
  // No call takes a text of JSON as JSON here: it is the value that it says, or a text.
  if ('json' in row) {
    try {
      return JSON.parse(row.json);
    } catch {
      return row.json;
    }
  }
  return {
    NaN: NaN,
    Infinity: Infinity,
    '-Infinity': -Infinity,
    huge_integer: 2n ** 70n,
    exact_integer: 2n ** 53n + 1n,
    deep: Array.from({ length: 1_000 }).reduce((inner) => [inner], 1),
    cycle,
    function: function named() {},
    date: new Date(NaN),
    throws: throws(),
  }[row.value];
}

const failure = (message) => {
  try {
    throw new Error(message);
  } catch (error) {
    return error;
  }
};

const PLACES = {
  message: ({ app }, id, given) => app.info(given, undefined, { tags: [id] }),
  data: ({ app }, id, given) => app.info('m', { value: given }, { tags: [id] }),
  tag: ({ app }, id, given) => app.info('m', undefined, { tags: [id, given] }),
  user_id: ({ app }, id, given) => app.log({ message: 'm', userId: given, tags: [id] }),
  error_name: ({ app }, id, given) => app.log({ level: 'error', message: 'm', errorName: given, tags: [id] }),
  error_stack: ({ app }, id, given) => app.log({ level: 'error', message: 'm', errorStack: given, tags: [id] }),
  error_message: ({ app }, id, given) => app.error('m', failure(given), { tags: [id] }),
  name: ({ log }, id, given) => log.trace({ name: given, id }),
  tag_key: ({ log }, id, given) => log.resumeTrace(id).addTag(given, 'v'),
  tag_value: ({ log }, id, given) => log.resumeTrace(id).addTag('k', given),
  metadata: ({ log }, id, given) => log.resumeTrace(id).addMetadata({ value: given }),
  input: ({ log }, id, given) => log.resumeTrace(id).setInput(given),
  output: ({ log }, id, given) => log.resumeTrace(id).setOutput(given),
  tool_arguments: ({ log }, id, given) => log.resumeTrace('around').addToolCall({ id, name: 't', args: given }),
  model_parameters: ({ log }, id, given) => log.resumeGeneration(id).setModelParameters({ value: given }),
  message_content: ({ log }, id, given) => log.resumeTrace('around').addGeneration({ id, messages: [{ role: 'user', content: given }] }),
};

/** Runs `work` with a logger, a client and what they were told; gives the lines that arrived. */
async function logged(work) {
  const place = scratch();
  const file = join(place.path, 'lines');
  const server = await startServer(['--lines', file]);
  const told = [];
  const options = { apiKey: KEY, spoolDir: join(place.path, 'spool'), onError: (error) => told.push(error.message) };
  const log = new Logger({ ...options, baseUrl: server.url, repositoryId: 'r' });
  const app = new LogClient({ ...options, endpoint: server.url, source: 's' });
  try {
    work({ log, app, told });
    const left = [await log.close(), await app.close()];
    assert.deepEqual(left, [0, 0]);
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return { lines: lines.map((line) => line.replaceAll('\\ufffd', '\ufffd')), told };
  } finally {
    server.stop();
    await place.remove();
  }
}

test('every value of the table gives one entry in which it can be seen', async () => {
  const cases = TABLE.flatMap((row) => row.at.map((at) => ({ row, at }))).map(({ row, at }, number) => ({
    id: `case-${String(number).padStart(4, '0')}`,
    at,
    name: row.name,
    given: value(row),
    arrives: new RegExp((row.arrives_at?.[at] ?? row.arrives).replace(/^\(\?i\)/, ''), row.arrives.startsWith('(?i)') ? 'is' : 's'),
  })).filter(({ given }) => given !== undefined);
  assert.ok(cases.length > 200);
  const { lines, told } = await logged((loggers) => {
    for (const { id, at, given } of cases) PLACES[at](loggers, id, given);
  });
  const wrong = cases
    .map((each) => ({ ...each, found: lines.filter((line) => line.includes(each.id)) }))
    .filter(({ found, arrives }) => found.length !== 1 || !arrives.test(found[0]))
    .map(({ id, name, at, found }) => `${id} ${name} as ${at}: ${found.map((line) => line.slice(0, 300))}`);
  assert.deepEqual(wrong, []);
  assert.deepEqual(told, []);
});

/** A Proxy whose traps all throw, one that was revoked, and others that no other language has. */
function others() {
  const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, throwing]));
  const revocable = Proxy.revocable({}, {});
  revocable.revoke();
  const noMessage = failure('m');
  Object.defineProperty(noMessage, 'message', { get: throwing });
  const noStack = failure('m');
  Object.defineProperty(noStack, 'stack', { get: throwing });
  const ring = failure('ring');
  ring.cause = ring;
  return {
    'a Proxy that throws': new Proxy({}, traps), 'a revoked Proxy': revocable.proxy, undefined: undefined, null: null, symbol: Symbol('s'),
    'half of a pair': 'cut \ud83d', 'a boxed string': Object('boxed'), 'no prototype': Object.create(null), bigint: 2n ** 90n,
    'a Map with objects': new Map([[{ a: 1 }, 1], [throws(), 2]]), 'a WeakMap': new WeakMap(), bytes: Buffer.from([255, 0]), 'a typed array': new Float64Array([NaN]),
    'a function whose name throws': Object.defineProperty(() => 1, 'name', { get: throwing }), 'a Promise': Promise.resolve(1), 'a generator': (function* () { yield 1; })(),
    'a Date out of range': new Date(NaN), 'time 1e30': 1e30, 'negative zero': -0, 'a sparse array': [, 1], 'an array with a throwing member': Object.defineProperty([1], 0, { get: throwing }),
    'toJSON gives undefined': { toJSON: () => undefined }, 'toJSON gives itself': { toJSON() { return this; } }, 'toJSON gives a bigint': { toJSON: () => 1n },
    'a class': class Named {}, 'an error without a message': noMessage, 'an error without a stack': noStack, 'a ring of causes': ring,
    'an AggregateError': new AggregateError([failure('first'), throws(), null], 'many'), 'an error that is frozen': Object.freeze(failure('frozen')),
    'an error with a cycle': Object.assign(failure('axios'), { request: cycle }), 'a cross-realm-like error': { name: 'TypeError', message: 'm', stack: 's' },
  };
}

test('whatever JavaScript has gives an entry, and nothing is thrown', async () => {
  let sent = 0;
  const more = () => ({ tags: [`n${(sent += 1)}.`] });
  const { lines } = await logged(({ app }) => {
    for (const given of Object.values(others())) {
      for (const level of ['debug', 'info', 'warn', 'error']) {
        app[level](given, undefined, more());
        app[level]('m', given, more());
        app[level]('m', { member: given }, more());
      }
      app.flow(given).error('m', given, more());
      app.log({ level: given, message: given, data: given, error: given, errorName: given, errorStack: given, userId: given, sessionId: given,
        requestId: given, flowId: given, stepIndex: given, dataset: given, timestamp: given, ipAddress: given, country: given, ...more() });
      app.log(given);
      app.setUserId(undefined);
    }
  });
  const missing = Array.from({ length: sent }, (_, index) => `"n${index + 1}."`).filter((tag) => lines.filter((line) => line.includes(tag)).length !== 1);
  assert.deepEqual(missing, []);
  assert.equal(lines.length, sent + Object.keys(others()).length);
  assert.ok(lines.some((line) => line.includes('many') && line.includes('first')));
});

test('a step that is no whole number, and a tag of undefined, give an entry and a line', async () => {
  const steps = [[NaN], [2 ** 40, 1000], [-5, 0], [1.5, 1], ['7', 7], [5n, 5], [{}], [null], [undefined]];
  const { lines, told } = await logged(({ log, app }) => {
    for (const [number, [stepIndex]] of steps.entries()) app.log({ message: `step ${number}`, stepIndex });
    log.resumeTrace('t').addTag('k', undefined);
  });
  const sent = lines.filter((line) => line.startsWith('{')).map(JSON.parse);
  assert.deepEqual(sent.map((entry) => [entry.message, entry.stepIndex]), steps.map(([, step], number) => [`step ${number}`, step]));
  assert.ok(lines.some((line) => line.includes('"tags":{"k":"null"}')), lines.at(-1));
  assert.deepEqual(told, []);
});

/** Values that refer to their parts so often, or say so great a length, that whoever writes them all never ends. */
function endless() {
  const doubling = (start) => Array.from({ length: 60 }).reduce((part) => ({ a: part, b: part }), start);
  const fresh = () =>
    new Proxy({}, { get: (_, name) => (name === 'x' || name === 'y' ? fresh() : undefined), ownKeys: () => ['x', 'y'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) });
  const map = new Map([[1, 2]]);
  map[Symbol.iterator] = function* () { for (;;) yield [1, 2]; };
  const sparse = [];
  sparse.length = 2 ** 32 - 1;
  return {
    'shared parts': doubling({}), 'shared parts without JSON': doubling({ n: 1n }), 'a Proxy without end': fresh(), 'an array of any length': sparse,
    'a Proxy of any length': new Proxy([], { get: (_, name) => (name === 'length' ? 2 ** 32 - 1 : undefined) }), 'a Map without end': map,
    'shared parts in arrays': Array.from({ length: 60 }).reduce((part) => [part, part], [1]),
    'a million levels': Array.from({ length: 1_000_000 }).reduce((inner) => ({ inner }), 1),
  };
}

test('a value without an end ends, and its entry and line arrive', async () => {
  const names = Object.keys(endless());
  const { lines, told } = await logged(({ log, app }) => {
    for (const [name, given] of Object.entries(endless())) {
      app.info('m', { given, name }, { tags: [name] });
      app.log({ message: 'm', timestamp: given, tags: [name] });
      log.trace({ name, tags: { given } });
    }
  });
  const entries = lines.filter((line) => line.startsWith('{'));
  assert.deepEqual(names.filter((name) => entries.filter((line) => line.includes(`"${name}"]`)).length !== 2), []);
  // A line that is too large for one is uploaded, and a line that says where takes its place.
  assert.equal(lines.length, 3 * names.length);
  assert.deepEqual(told, []);
});

test('calls that ask or set something take any value too', async () => {
  const { lines, told } = await logged(({ log, app }) => {
    for (const given of Object.values(others())) {
      app.setUserId(given);
      app.setSessionId(given);
      assert.equal(typeof app.shouldLog(given), 'boolean');
      log.resumeTrace('t').evaluate.withEvaluators(given);
      log.traceparent(given, given);
      log.traceFrom(given, { name: 'from' });
    }
    app.setUserId(17);
    app.info('of a user', undefined, { tags: ['last'] });
  });
  assert.ok(lines.some((line) => line.includes('"last"') && line.includes('"userId":"17"')));
  assert.deepEqual(told.filter((message) => /_id|argument 2 of log/.test(message)), []);
});

test('whatever JavaScript has gives a line, and nothing is thrown', async () => {
  let traces = 0;
  const { lines, told } = await logged(({ log }) => {
    for (const given of Object.values(others())) {
      const trace = log.trace({ id: `t${(traces += 1)}.`.replace('.', '-'), name: given, tags: { k: given }, input: given, startTimestamp: given, endTimestamp: given });
      trace.addTag('k', given);
      trace.addTag(given, 'v');
      trace.addMetadata({ member: given });
      trace.addMetadata(given);
      trace.addEvent(given, { k: given }, { member: given });
      trace.addError(given);
      trace.addError({ message: given, code: given, metadata: { member: given } });
      trace.setOutput({ member: given });
      trace.addGeneration({ messages: [given], modelParameters: { member: given } }).result({ odd: given }, { force: true });
      trace.addRetrieval({ name: given }).setOutput([given]);
      trace.addToolCall({ name: given, args: given }).error(given);
      trace.addFeedback({ score: 1, comment: given });
      trace.addMetric('m', 1);
    }
  });
  for (let number = 1; number <= traces; number++) {
    const of = lines.filter((line) => line.includes(`trace{id=t${number}-,`));
    assert.ok(of.length >= 10, `${Object.keys(others())[number - 1]}: ${of.length}`);
  }
  // What is not there yet is said by its name, in arguments.test.mjs.
  assert.deepEqual(told.filter((message) => !/result|: \[(Promise: not awaited|Generator: not read)\]/.test(message)), []);
});

test('a text of 200 MiB is refused by its length, before the library has a copy of it', async () => {
  const server = await startServer();
  const directory = scratch();
  const errors = [];
  const logger = new Logger({ baseUrl: server.url, apiKey: KEY, id: 'long', spoolDir: directory.path, onError: (error) => errors.push(error) });
  logger.trace({ id: 't' }).input('x'.repeat(200 << 20));
  await logger.cleanup();
  server.stop();
  await directory.remove();
  assert.deepEqual(errors.map((error) => error.code), ['MAXIM_ERR_TOO_LARGE']);
  assert.match(errors[0].message, /input: 209715200 bytes; a text may have at most 167772160/);
});

test('a text of 200 MiB that another thread would read is refused by its length as well', async () => {
  const server = await startServer();
  const directory = scratch();
  const client = new LogClient({ endpoint: server.url, apiKey: KEY, source: 's', spoolDir: directory.path });
  const long = 'x'.repeat(200 << 20);
  const refused = (name) => ({ name: 'MaximError', code: 'MAXIM_ERR_TOO_LARGE', message: new RegExp(`${name}: 209715200 bytes; a text may have`) });
  await assert.rejects(client.flowRemote(long), refused('name'));
  await assert.rejects(client.ingestRaw('a', 'text', { source: long }), refused('source'));
  // Its length is known only when it has been read.
  await assert.rejects(client.flowRemote('\u20ac'.repeat(54 << 20)), { code: 'MAXIM_ERR_TOO_LARGE' });
  await assert.rejects(client.ingestRaw('a', 'text', { dataset: long }), refused('dataset'));
  await client.ingestRaw('a', 'text', { source: 's', dataset: 'd' });
  await client.close();
  server.stop();
  await directory.remove();
});

test('what a program gets wrong first is named, with the value and the remedy', () => {
  const logger = { apiKey: 'k', repositoryId: 'r' };
  const client = { apiKey: 'k', source: 's' };
  const making = [
    [() => new Logger({ ...logger, baseURL: 'http://127.0.0.1' }), 'no option baseURL', 'did you mean baseUrl?'],
    [() => new Logger({ ...logger, apikey: 'k' }), 'no option apikey', 'did you mean apiKey?'],
    [() => new Logger({ ...logger, repoId: 'r' }), 'no option repoId', 'did you mean repositoryId?'],
    [() => new Logger({ ...logger, flushIntervalMs: 'soon' }), 'flushIntervalMs', '"soon"', 'a number of milliseconds'],
    [() => new Logger({ ...logger, overflowPolicy: 'explode' }), 'overflowPolicy', '"explode"', 'drop-oldest, drop-newest, block'],
    [() => new Logger({ ...logger, isDebug: 'false' }), 'isDebug', '"false"', 'true or false'],
    [() => new Logger({ ...logger, onError: 'log' }), 'onError', '"log"', 'a function'],
    [() => new Logger({ repositoryId: 'r' }), 'api_key', 'MAXIM_API_KEY'],
    [() => new Logger({ apiKey: 'k' }), 'repository_id', 'MAXIM_LOG_REPO_ID'],
    [() => new Logger({ ...logger, baseUrl: 'http://example.invalid' }), 'example.invalid', 'http'],
    [() => new LogClient({ ...client, environment: 'prod' }), 'environment', '"prod"', 'development, staging, production'],
    [() => new LogClient({ ...client, minLevel: 'verbose' }), 'minLevel', '"verbose"', 'debug, info, warn, error'],
    [() => new LogClient({ apiKey: 'k' }), 'source'],
    [() => normaliseResult({ odd: 1 }, { strict: true }), 'odd', 'none of the results that are known'],
  ];
  const { MAXIM_API_KEY, MAXIM_LOG_REPO_ID } = process.env;
  delete process.env.MAXIM_API_KEY;
  delete process.env.MAXIM_LOG_REPO_ID;
  for (const [make, ...words] of making) {
    assert.throws(make, (error) => {
      for (const word of words) assert.ok(error.message.includes(word), `${word} is not in: ${error.message}`);
      return error.name === 'MaximError';
    });
  }
  if (MAXIM_API_KEY) Object.assign(process.env, { MAXIM_API_KEY });
  if (MAXIM_LOG_REPO_ID) Object.assign(process.env, { MAXIM_LOG_REPO_ID });
});
