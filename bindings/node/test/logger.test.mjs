// The logger's promises to a Node program: nothing thrown, nothing blocked, nothing lost, nothing crashed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import maxim, { Logger, Maxim, MaximError } from '../index.mjs';
import { KEY, parseLine, scratch, startServer, until } from './support.mjs';

const HOST = fileURLToPath(new URL('host.mjs', import.meta.url));

let server;
let directory;
let errors;
let loggers;

beforeEach(async () => {
  directory = scratch();
  server = await startServer(['--check-seq', '--lines', join(directory.path, 'lines')]);
  errors = [];
  loggers = [];
});

afterEach(async () => {
  await Promise.all(loggers.map((logger) => logger.cleanup()));
  server.stop();
  await directory.remove();
});

function newLogger(options = {}) {
  const logger = new Logger({
    lossy: false,
    baseUrl: server.url,
    apiKey: KEY,
    id: 'repo',
    spoolDir: join(directory.path, 'spool'),
    onError: (error) => errors.push(error),
    ...options,
  });
  loggers.push(logger);
  return logger;
}

const lines = () => readFileSync(join(directory.path, 'lines'), 'utf8').split('\n').filter(Boolean).map(parseLine);

/** Runs test/host.mjs and gives its exit. */
function runHost(verb, environment = {}) {
  const result = spawnSync(process.execPath, [HOST, verb], {
    env: { ...process.env, MAXIM_BASE_URL: server.url, MAXIM_SPOOL_DIR: join(directory.path, 'spool'), ...environment },
    encoding: 'utf8',
    timeout: 240_000,
  });
  return { code: result.status, signal: result.signal, text: result.stdout + result.stderr };
}

/** Sends what hosts left behind, and gives what became of the marked records. */
async function adopted(expected) {
  const logger = newLogger({ id: 'host' });
  await until(async () => {
    await logger.flushLogFiles();
    return (await server.get('/seq')).totals.unique >= expected;
  });
  return (await server.get('/seq')).totals;
}

test('the directory in use is said, and a default one takes the place of one that cannot be used if that is wanted', async () => {
  assert.equal(newLogger().spoolDir, join(directory.path, 'spool'));
  assert.equal(newLogger({ memoryOnly: true }).spoolDir, undefined);
  const client = { apiKey: KEY, source: 'svc', endpoint: server.url, onError: () => {} };
  const { LogClient } = maxim;
  const one = new LogClient({ ...client, spoolDir: join(directory.path, 'spool') });
  assert.equal(one.spoolDir, join(directory.path, 'spool'));
  assert.throws(() => new LogClient({ ...client, spoolDir: '/dev/null' }), { code: 'MAXIM_ERR_IO' });
  const other = new LogClient({ ...client, spoolDir: '/dev/null', spoolDirFallback: true });
  assert.notEqual(other.spoolDir, '/dev/null');
  await Promise.all([one.disconnect(), other.disconnect()]);
});

test('require and import give the same objects', () => {
  const required = createRequire(import.meta.url)('../index.js');
  assert.equal(required.Logger, Logger);
  assert.equal(maxim, required);
  assert.match(maxim.version, /^\d+\.\d+\.\d+/);
});

test('evaluated again in the same process, as test runners do, the package works beside itself', async () => {
  const require = createRequire(import.meta.url);
  const evaluateAgain = () => {
    for (const path of Object.keys(require.cache)) if (path.endsWith('.js')) delete require.cache[path];
    return require('../index.js');
  };
  const made = newLogger();
  const listeners = process.listenerCount('beforeExit');
  const again = new (evaluateAgain().Logger)({ baseUrl: server.url, apiKey: KEY, id: 'repo', spoolDir: join(directory.path, 'spool') });
  assert.ok(!(again instanceof Logger));
  const [a, b] = [made.resumeTrace('a'), again.resumeTrace('b')];
  for (let i = 0; i < 3; i++) {
    a.addTag('to', 'a');
    b.addTag('to', 'b');
  }
  await Promise.all([made.flush(), again.close()]);
  assert.equal(lines().length, 6);
  for (const { id, data } of lines()) assert.equal(data.tags.to, id);
  assert.equal(process.listenerCount('beforeExit'), listeners, 'each copy listens for itself');
});

test('a refused call goes to onError and the program goes on', () => {
  const logger = newLogger();
  logger.traceTag('not an id', 'a', 'b');
  logger.resumeTrace({}).addTag('a', 'b');
  assert.deepEqual(errors.map(({ code }) => code), ['MAXIM_ERR_INVALID_ID', 'MAXIM_ERR_INVALID_ARGUMENT']);
  assert.ok(errors.every((error) => error instanceof MaximError));
});

test('a result is refused for its shape only if asked', async () => {
  const logger = newLogger();
  const generation = logger.trace({ id: 't' }).generation({ id: 'g' });
  generation.result({ odd: 1 }, { strict: true });
  assert.deepEqual(errors.map(({ code }) => code), ['MAXIM_ERR_INVALID_RESULT']);
  generation.result({ odd: 1 });
  await logger.flush();
  assert.deepEqual(lines().filter(({ entity }) => entity === 'generation').map(({ action }) => action), ['result', 'end']);
  assert.deepEqual(maxim.normaliseResult({ odd: 1 }), { odd: 1 });
  assert.equal(maxim.normaliseResult({ object: 'chat.completion', choices: [{ message: { role: 'assistant', content: 'x'.repeat(100_000) } }] }).choices[0].message.content.length, 100_000);
});

test('an error has tags and metadata, and what is given its end with its configuration has it', async () => {
  const logger = newLogger();
  const trace = logger.trace({ id: 't' });
  const error = trace.error({ id: 'e', message: 'm' });
  error.addTag('k', 'v');
  error.addMetadata({ more: 1 });
  trace.retrieval({ id: 'r', endTimestamp: new Date(1e12) });
  trace.toolCall({ id: 'c', name: 'n', endTimestamp: new Date(1e12) });
  await logger.flush();
  assert.deepEqual(errors, []);
  assert.deepEqual(lines().filter(({ id }) => id === 'e').map(({ data }) => data), [{ tags: { k: 'v' } }, { metadata: { more: '1' } }]);
  for (const id of ['r', 'c']) assert.ok(lines().some((line) => line.id === id && line.data.endTimestamp === '2001-09-09T01:46:40.000000+00:00'), id);
});

test('what a model left out is no error, and ends what it was to end', async () => {
  const logger = newLogger();
  const trace = logger.trace({ id: 't' });
  trace.output(undefined).output(null);
  trace.retrieval({ id: 'r1' }).output(null);
  trace.retrieval({ id: 'r2' }).output(undefined);
  trace.toolCall({ id: 'c', name: 'n' }).result(null);
  await logger.flush();
  assert.deepEqual(errors, []);
  const of = (entity) => lines().filter((line) => line.id === entity).map(({ action, data }) => [action, data.docs]);
  for (const id of ['r1', 'r2']) assert.deepEqual(of(id), [['update', []], ['end', undefined]]);
  assert.deepEqual(of('c').map(([action]) => action), ['result', 'end']);
});

test('a refused call throws when exceptions are asked for', () => {
  const logger = newLogger({ raiseExceptions: true });
  assert.throws(() => logger.traceTag('not an id', 'a', 'b'), { name: 'MaximError', code: 'MAXIM_ERR_INVALID_ID' });
});

test('a logger that cannot be made is an error at once', () => {
  assert.throws(() => newLogger({ id: undefined }), { code: 'MAXIM_ERR_NOT_CONFIGURED' });
  assert.throws(() => newLogger({ baseUrl: 5 }), { code: 'MAXIM_ERR_INVALID_ARGUMENT' });
  assert.throws(() => newLogger({ flushIntervalMs: 0 }), { code: 'MAXIM_ERR_INVALID_ARGUMENT' });
});

test('values that JSON cannot hold are logged as far as they can be', async () => {
  const logger = newLogger();
  const trace = logger.trace({ id: 'values' });
  trace.addMetadata({ big: 1n, huge: 2n ** 80n, date: new Date(0), map: new Map([['a', 1]]), set: new Set([1]) });
  const error = new TypeError('outer', { cause: new Error('inner') });
  trace.addMetadata({ error });
  trace.addError(error);
  assert.deepEqual(errors, []);
  const ring = {};
  ring.ring = ring;
  trace.addMetadata({ ring });
  trace.addMetadata({ get bad() { throw new Error('no'); }, good: 1 });
  trace.addMetadata({ get bad() { throw { toString() { throw 1; } }; } });
  trace.addSpan({ id: 'span', get name() { throw new Error('no'); } }).addTag('a', 'b');
  const cause = new Error('its own cause');
  cause.cause = cause;
  trace.addMetadata({ cause });
  trace.addTag('a', Symbol('s'));
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  trace.addMetadata({ proxy, f() {}, lone: '\ud83d', nan: NaN, none: undefined, date: new Date(NaN) });
  assert.deepEqual(errors, []);
  await logger.flush();
  const [, values, metadata, logged, ...odd] = lines();
  assert.equal(values.data.metadata.big, '1');
  assert.equal(values.data.metadata.huge, String(2n ** 80n));
  assert.equal(values.data.metadata.date, '1970-01-01T00:00:00.000Z');
  const seen = JSON.parse(metadata.data.metadata.error);
  assert.deepEqual([seen.name, seen.message, seen.cause.message], ['TypeError', 'outer', 'inner']);
  assert.match(seen.stack, /logger\.test\.mjs/);
  assert.equal(logged.action, 'add-error');
  assert.equal(logged.data.message, 'outer');
  assert.deepEqual(odd.slice(0, 3).map(({ data }) => data.metadata), [
    { ring: '{"ring":"[Circular]"}' },
    { bad: '[Throws: no]', good: '1' },
    { bad: '[Throws: a value without a text]' },
  ]);
  assert.deepEqual([odd[3].action, odd[3].data.id, odd[4].data.tags], ['add-span', 'span', { a: 'b' }]);
  assert.match(odd[5].data.metadata.cause, /\[Circular\].*its own cause/);
  assert.deepEqual(odd[6].data.tags, { a: 'Symbol(s)' });
  const last = odd[7].data.metadata;
  assert.match(last.proxy, /^\[Throws: .*revoked/);
  assert.deepEqual([last.f, last.nan, last.date], ['[Function: f]', 'null', 'null']);
});

test('strings of every length and kind arrive as they are', async () => {
  const logger = newLogger();
  const trace = logger.trace({ id: 'texts' });
  const texts = ['', 'nul\0nul', '😀'.repeat(511), 'é'.repeat(1023)];
  for (let length = 2030; length < 2060; length++) texts.push('x'.repeat(length - 1) + 'é');
  texts.push('y'.repeat(100_000));
  texts.forEach((text, i) => trace.addTag(`k${i}`, text));
  trace.addTag('lone', '\ud800');
  await logger.flush();
  const tags = Object.assign({}, ...lines().slice(1).map(({ data }) => data.tags));
  texts.forEach((text, i) => assert.equal(tags[`k${i}`], text));
  assert.equal(tags.lone, '\ufffd');
  assert.deepEqual(errors, []);
});

test('each call goes to the entity that it was made on, whatever went before', async () => {
  const logger = newLogger();
  const second = newLogger({ id: 'other' });
  const [a, b] = [logger.resumeTrace('a'), logger.resumeTrace('b')];
  const [bad, long] = [logger.resumeTrace('not an id'), logger.resumeTrace('x'.repeat(257))];
  let number = 0;
  const tag = (trace) => trace.addTag('number', String(number++));
  const between = [
    () => {},
    () => tag(b),
    () => tag(bad),
    () => tag(long),
    () => tag(logger.resumeTrace({})),
    () => a.addTag('symbol', Symbol('s')),
    () => b.addTag(7, 'key'),
    () => b.addMetadata({}),
    () => b.setInput({ any: 'value' }),
    () => b.end(),
    () => logger.trace({ id: 'c' }),
    () => b.setStartTimestamp(new Date()),
    () => tag(second.resumeTrace('a')),
    () => logger.resumeTrace(['a'].join('')).addTag('number', String(number++)),
  ];
  for (const other of between) {
    tag(a);
    other();
    tag(a);
  }
  await Promise.all([logger.flush(), second.flush()]);
  const ids = Object.fromEntries(lines().filter(({ data }) => data.tags?.number).map(({ id, data }) => [data.tags.number, id]));
  const expected = {};
  for (let i = 0; i < number; i++) expected[i] = 'a';
  expected[3] = 'b';
  for (const refused of [6, 9, 12]) delete expected[refused];
  assert.deepEqual(ids, expected);
});

test('a timeout may be any number, and nothing else', async () => {
  await server.control({ delay_ms: 100 });
  const logger = newLogger();
  for (const timeout of [Infinity, 1e12, 2 ** 32]) {
    logger.trace();
    await logger.flush(timeout);
  }
  logger.flushSync(Infinity);
  await logger.flushCommitLogs(1e300);
  assert.equal((await server.stats()).lines, 3);
  for (const timeout of [NaN, '5', {}]) {
    await assert.rejects(logger.flushOrThrow(timeout), { code: 'MAXIM_ERR_INVALID_ARGUMENT' });
    assert.throws(() => logger.flushSync(timeout), { code: 'MAXIM_ERR_INVALID_ARGUMENT' });
  }
});

test('a flush leaves timers running', async () => {
  await server.control({ delay_ms: 300 });
  const logger = newLogger();
  logger.trace({ name: 'slow' });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  await logger.flush();
  clearInterval(timer);
  assert.ok(ticks >= 3, `${ticks} ticks in 300 ms`);
  assert.equal((await server.stats()).lines, 1);
});

test('a flush that runs out of time rejects, and nothing is lost', async () => {
  await server.control({ status: 503 });
  const logger = newLogger();
  logger.trace({ name: 'held' });
  await assert.rejects(logger.flushOrThrow(50), { code: 'MAXIM_ERR_TIMEOUT' });
  assert.equal(logger.stats().held, 1);
  await server.control({ status: null });
  await logger.flush();
  assert.equal((await server.stats()).lines, 1);
});

test('what goes wrong after a call is told to onError', async () => {
  await server.control({ unauthorized: true });
  const logger = newLogger();
  logger.trace({ name: 'refused' });
  await assert.rejects(logger.flushOrThrow(200));
  await until(() => errors.some(({ code }) => code === 'MAXIM_ERR_UNAUTHORIZED'));
});

test('close sends everything, and use after close is an error', async () => {
  const logger = newLogger();
  const trace = logger.trace({ name: 'last' });
  await Promise.all([logger.close(), logger.close()]);
  assert.equal((await server.stats()).lines, 1);
  trace.addTag('a', 'b');
  logger.trace().addSpan().end();
  assert.equal(logger.stats(), undefined);
  assert.ok(errors.length >= 4 && errors.every(({ code }) => code === 'MAXIM_ERR_CLOSED'));
  await assert.rejects(logger.flushOrThrow(), { code: 'MAXIM_ERR_CLOSED' });
  assert.throws(() => logger.flushSync(), { code: 'MAXIM_ERR_CLOSED' });
  await logger.close();
});

test('close sends what a killed process left too', async () => {
  runHost('kill');
  assert.equal(await newLogger({ id: 'host' }).close(), 0);
  assert.equal((await server.get('/seq')).totals.unique, 1000);
});

test('a process that exits does not wait for a close', async () => {
  await server.control({ status: 503 });
  const { code, text } = runHost('exit-closing');
  await server.control({ status: null });
  assert.equal(code, 0, text);
  assert.equal((await adopted(1000)).unique, 1000);
});

test('what is thrown is kept by every call that takes an error', async () => {
  const logger = newLogger();
  const trace = logger.trace();
  const mock = new Proxy({}, { get: (target, key) => (typeof key === 'symbol' ? undefined : mock) });
  const thrown = [{ status: 429, body: 'too many' }, ['too many'], { error: { message: 'too many' } }, 'too many', new Error('too many')];
  for (const value of thrown) {
    trace.error(value);
    trace.toolCall().error(value);
    trace.generation({ model: 'm' }).error(value);
  }
  trace.error(mock);
  await logger.flush();
  const [generation, toolCall, own] = [
    lines().filter(({ entity, action }) => entity === 'generation' && action === 'result').map(({ data }) => data.result.error.message),
    lines().filter(({ entity, action }) => entity === 'tool_call' && action === 'error').map(({ data }) => data.error.message),
    lines().filter(({ action }) => action === 'add-error').map(({ data }) => data.message),
  ];
  assert.equal(own.length, thrown.length + 1, 'the proxy is refused');
  for (const messages of [generation, toolCall, own.slice(0, -1)]) {
    assert.equal(messages.length, thrown.length);
    for (const message of messages) assert.match(message, /too many/);
  }
});

test('asyncDispose closes', async () => {
  const logger = newLogger();
  logger.trace();
  await logger[Symbol.asyncDispose]();
  assert.equal((await server.stats()).lines, 1);
});

test('nested work is logged as nested, also across awaits', async () => {
  const logger = newLogger();
  const result = await logger.withSession({ id: 's' }, () =>
    logger.withTrace({ id: 't' }, async (trace) => {
      await Promise.all(
        ['a', 'b'].map((id) =>
          logger.withSpan({ id }, async (span) => {
            await pause(1);
            assert.equal(logger.current, span);
            return logger.withSpan({ id: `${id}-inner` }, () => id);
          }),
        ),
      );
      assert.equal(logger.current, trace);
      return 42;
    }),
  );
  assert.equal(result, 42);
  assert.equal(logger.current, undefined);
  await logger.flush();
  const spans = lines().filter(({ action }) => action === 'add-span').map(({ entity, id, data }) => [entity, id, data.id]);
  assert.deepEqual(spans.sort(), [['span', 'a', 'a-inner'], ['span', 'b', 'b-inner'], ['trace', 't', 'a'], ['trace', 't', 'b']]);
  assert.equal(lines().find(({ entity, action }) => entity === 'trace' && action === 'create').data.sessionId, 's');
  assert.equal(lines().filter(({ action }) => action === 'end').length, 6);
});

test('an error inside is logged, ends what was started, and is thrown on', async () => {
  const logger = newLogger();
  const failure = new RangeError('too far');
  await assert.rejects(logger.withTrace({ id: 't' }, async () => { throw failure; }), failure);
  assert.throws(() => logger.withSpan(() => { throw failure; }), failure);
  await logger.flush();
  assert.deepEqual(lines().slice(1, 3).map(({ action }) => action), ['add-error', 'end']);
  assert.equal(lines()[1].data.message, 'too far');
});

test('the names of the public SDK work', async () => {
  const sdk = new Maxim({ apiKey: KEY, baseUrl: server.url, spoolDir: join(directory.path, 'spool') });
  const logger = await sdk.logger({ id: 'repo' });
  assert.equal(await sdk.logger({ id: 'repo' }), logger);
  assert.equal(logger.id, 'repo');
  const trace = logger.session({ id: 's' }).trace({ id: 't' });
  const span = trace.span({ id: 'sp' });
  const generation = span.generation({ id: 'g', provider: 'openai', model: 'gpt-4o', messages: [], modelParameters: {} });
  generation.addMessages([{ role: 'user', content: 'hi' }]);
  trace.input('in').output('out');
  trace.event('e', 'event', { a: 'b' });
  trace.feedback({ score: 1 });
  trace.evaluate.withEvaluators('a', 'b').withVariables({ input: 'x' });
  logger.traceRetrieval('t', { id: 'r' }).output('doc');
  logger.spanEnd('sp');
  logger.traceEnd('t', { endTimestamp: new Date(0) });
  await sdk.cleanup();
  assert.equal(lines().at(-1).data.endTimestamp, '1970-01-01T00:00:00.000Z');
  assert.equal((await server.stats()).malformed_lines, 0);
});

test('no value of JavaScript passes for a handle', () => {
  const native = createRequire(import.meta.url)('../lib/native.js');
  for (const value of [undefined, null, 1, {}, [], 'x', () => {}, newLogger()]) {
    assert.throws(() => native.traceEnd(value, 'id'), TypeError);
  }
});

test('a sink gets every record too', async () => {
  const logger = newLogger();
  const sink = logger.addSink({ baseUrl: server.url, apiKey: KEY, id: 'other', spoolDir: join(directory.path, 'spool') });
  logger.trace();
  await logger.flush();
  assert.equal(logger.stats(sink).accepted, 1);
});

test('a worker that ends in the middle loses nothing', async () => {
  assert.equal(runHost('worker').code, 0, 'the host fails');
  const seen = await adopted(3000);
  assert.deepEqual([seen.unique, seen.missing], [3000, 0]);
});

// Bun and Deno do not tell an addon that a worker has ended; there the next logger sends what it held.
if (!globalThis.Bun && !globalThis.Deno) {
  test('what workers leave is sent while the process lives', async () => {
    const { code, text } = runHost('forgotten-workers');
    assert.equal(code, 0, text);
  });
}

test('a program that ends by itself has sent what it logged', async () => {
  const { code, text } = runHost('short');
  assert.equal(code, 0, text);
  assert.equal((await server.get('/seq')).totals.unique, 10);
});

test('a flush leaves the event loop running on Lambda too', async () => {
  await server.control({ delay_ms: 300 });
  const { code, text } = runHost('lambda', { AWS_LAMBDA_FUNCTION_NAME: 'function' });
  await server.control({ delay_ms: 0 });
  assert.equal(code, 0, text);
  // A loop that a flush holds does not tick at all; how often one does that runs is the machine's affair.
  assert.ok(Number(text) >= 1, `${text} ticks in a flush`);
  assert.equal((await server.get('/seq')).totals.unique, 10);
});

for (const verb of ['exit', 'exit-flushing', 'kill', 'throw']) {
  test(`a process that ends by ${verb} loses nothing`, async () => {
    const { signal, text } = runHost(verb);
    assert.ok(signal === null || (verb === 'kill' && signal === 'SIGKILL'), `${signal}: ${text}`);
    const seen = await adopted(1000);
    assert.deepEqual([seen.unique, seen.missing], [1000, 0]);
  });
}

for (const verb of ['fork', 'cluster']) {
  test(`a ${verb} of processes loses nothing`, async () => {
    const { code, text } = runHost(verb);
    assert.equal(code, 0, text);
    const seen = await adopted(2000);
    assert.deepEqual([seen.unique, seen.missing], [2000, 0]);
  });
}

test('garbage collection frees loggers, and never one in use', () => {
  const { code, text } = runHost('gc', { NODE_OPTIONS: '--expose-gc' });
  assert.equal(code, 0, text);
});

test('a million calls do not grow the process', () => {
  const { code, text } = runHost('million', { NODE_OPTIONS: '--expose-gc' });
  assert.equal(code, 0, text);
});

test('the loader says where it looked', () => {
  const { code, text } = runHost('exit', { LIBMAXIM_NODE_ADDON: '/nowhere/maxim.node' });
  assert.equal(code, 1);
  assert.match(text, /libmaxim has no addon.*Tried:\n.*\/nowhere\/maxim\.node/s);
});

test('the addon exports only the entry points of Node-API', () => {
  const addon = fileURLToPath(new URL('../../../build/node/maxim.node', import.meta.url));
  const { stdout } = spawnSync('nm', ['-D', '--defined-only', addon], { encoding: 'utf8' });
  const names = stdout.trim().split('\n').map((line) => line.split(' ').at(-1));
  assert.deepEqual(names.sort(), ['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
});
