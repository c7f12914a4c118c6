// The structured log client: every step of tests/vectors/structured-logs.jsonl gives the captured requests,
// and the client keeps the same promises as the logger.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import pino from 'pino';
import winston from 'winston';
import { LogClient, MaximError } from '../index.mjs';
import { maximStream } from '../adapters/pino.js';
import { MaximTransport } from '../adapters/winston.js';
import { jsonLines, ROOT, scratch, startServer, until } from './support.mjs';

const steps = jsonLines(join(ROOT, 'tests/vectors/structured-logs.jsonl'));
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
const camelKeys = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [camel(key), value]));

/** The requests of a record file since the last call, as the vectors write them. */
function recorder(path) {
  let seen = 0;
  return () => {
    let all = [];
    try {
      all = jsonLines(path);
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    const fresh = all.slice(seen);
    seen = all.length;
    return fresh;
  };
}

let server;
let directory;
let requests;
let clients;
let errors;

function newClient(options) {
  const client = new LogClient({
    apiKey: 'tb_test',
    source: 'svc',
    environment: 'development',
    endpoint: server.url,
    spoolDir: join(directory.path, 'spool'),
    onError: (error) => errors.push(error),
    ...options,
  });
  clients.push(client);
  return client;
}

async function start() {
  directory = scratch();
  server = await startServer(['--record', join(directory.path, 'requests')]);
  requests = recorder(join(directory.path, 'requests'));
  clients = [];
  errors = [];
}

async function stop() {
  await Promise.all(clients.map((client) => client.disconnect()));
  server.stop();
  await directory.remove();
}

describe('vectors', () => {
  let client;
  before(start);
  after(stop);

  // An error in Python has other texts than one in JavaScript.
  class ValueError extends Error {
    name = 'ValueError';
  }
  const argument = (value) => {
    if (value?.$exc !== undefined) return new ValueError(value.$exc);
    if (value?.$opt) return value.$opt;
    if (value?.$raw) return value.$raw;
    if (value?.$entry) return camelKeys(value.$entry);
    return value ?? undefined;
  };

  // Where the library or the binding does something else on purpose: the step and why.
  const DIFFERENCES = new Map([
    [74, 'a client without a source is not made'],
    [75, 'a client without a source is not made'],
  ]);

  async function log(into, [level, ...values]) {
    await into[level](...values.map(argument));
  }

  async function replay({ call, args }) {
    if (call === 'client') {
      const { flush_interval: seconds, ...options } = args[0];
      client = undefined;
      client = newClient({ lossy: false, apiKey: undefined, ...camelKeys(options), flushIntervalMs: (seconds ?? 5) * 1000 });
    } else if (call === 'flow') {
      const flow = client.flow(args[0]);
      for (const step of args[1]) await log(flow, step);
    } else if (call === 'flow_async') {
      const flow = await client.flowRemote(args[0]);
      for (const step of args[1]) await log(flow, step);
    } else if (call === 'ingest_raw' || call === 'ingest_raw_async') {
      await client[camel(call)](...args.map(argument));
    } else if (call.startsWith('set_')) {
      client[camel(call)](...args);
    } else {
      await log(client, [call, ...args]);
    }
  }

  /** A request as it is compared: stacks and times are texts of their own. */
  function comparable({ method, target, body }) {
    if (!body?.startsWith('{"logs"') && target !== '/v1/flows') return { method, target, body };
    const parsed = JSON.parse(body);
    for (const entry of parsed.logs ?? []) {
      if (entry.errorStack?.includes('\n')) entry.errorStack = '<stack>';
      entry.flowId = entry.flowId?.replace(/[0-9a-f]{8}$/, '<id>');
      delete entry.timestamp;
      if (entry.flowId === undefined) delete entry.flowId;
    }
    return { method, target, body: parsed };
  }

  for (const step of steps) {
    test(`step ${step.step}, ${step.call}, gives the captured requests`, async () => {
      errors = [];
      requests();
      // The sample leaves out the steps that clear both.
      if (step.args[0] === 'after clear') {
        client.setUserId();
        client.setSessionId();
      }
      let thrown;
      try {
        await replay(step);
        await client.flush();
      } catch (error) {
        thrown = error;
      }
      if (DIFFERENCES.has(step.step)) {
        assert.ok(thrown, DIFFERENCES.get(step.step));
        return;
      }
      assert.deepEqual(requests().map(comparable), step.requests.map(comparable));
      assert.equal(Boolean(thrown ?? errors[0]), step.raised !== null, String(thrown ?? errors[0]));
    });
  }
});

describe('client', () => {
  beforeEach(start);
  afterEach(stop);
  const entries = () => requests().flatMap(({ body }) => JSON.parse(body).logs);

  test('an error fills name, stack and the chain of causes', async () => {
    const client = newClient();
    client.error('failed', new TypeError('outer', { cause: new Error('inner') }), { tags: ['a'] });
    client.log({ level: 'warn', message: 'entry', error: new RangeError('r'), timestamp: new Date(5) });
    await client.flush();
    const [first, second] = entries();
    assert.deepEqual([first.errorName, first.data.message, first.tags], ['TypeError', 'outer', ['a']]);
    assert.match(first.errorStack, /outer[\s\S]*Caused by: Error: inner/);
    assert.deepEqual([second.errorName, second.timestamp], ['RangeError', 5]);
  });

  test('a level below the least is not sent', async () => {
    const client = newClient({ minLevel: 'warn' });
    assert.deepEqual([client.shouldLog('info'), client.shouldLog('error')], [false, true]);
    client.info('hidden');
    client.warn('shown');
    await client.flush();
    assert.deepEqual(entries().map(({ message }) => message), ['shown']);
  });

  test('a refused entry is reported, and use after close is an error', async () => {
    const client = newClient({ lossy: false });
    const flow = client.flow('steps');
    client.info('');
    await client.close();
    client.info('late');
    flow.info('late');
    await assert.rejects(client.flushOrThrow(), { code: 'MAXIM_ERR_CLOSED' });
    await assert.rejects(client.ingestRaw('x', 'text'), { code: 'MAXIM_ERR_CLOSED' });
    client.flow('late');
    assert.deepEqual(errors.map(({ code }) => code), [
      'MAXIM_ERR_INVALID_ARGUMENT',
      'MAXIM_ERR_CLOSED',
      'MAXIM_ERR_CLOSED',
      'MAXIM_ERR_CLOSED',
    ]);
  });

  test('an option that does not exist is refused by name', () => {
    for (const [options, words] of [
      [{ baseURL: 'x' }, /no option baseURL/],
      [{ apikey: 'x' }, /no option apikey; did you mean apiKey\?/],
      [{ level: 'info' }, /no option level; the options are .*minLevel/],
    ]) {
      assert.throws(() => newClient(options), { code: 'MAXIM_ERR_INVALID_ARGUMENT', message: words });
    }
    assert.throws(() => newClient({ environment: 'prod' }), /environment is "prod"; it must be one of development, /);
  });

  test('messages and members of other types are taken', async () => {
    const client = newClient();
    client.error(new TypeError('alone'));
    client.info(undefined);
    client.info({ a: 1 });
    client.warn(42, new Error('as data'));
    client.log({ message: 'm', error: null, requestId: 123, timestamp: '2026-01-01T00:00:00Z', level: 'loud' });
    client.log(null);
    client.log({ message: 'far', timestamp: 1e30 });
    await client.flush();
    assert.deepEqual(errors.map((error) => error.message), ['level is "loud"; it must be one of debug, info, warn, error']);
    const [alone, none, object, number, entry, nothing, far] = entries();
    assert.deepEqual([alone.level, alone.message, alone.errorName], ['error', 'alone', 'TypeError']);
    assert.deepEqual([none.message, object.message, number.message], ['undefined', '{"a":1}', '42']);
    assert.equal(number.data.message, 'as data');
    assert.deepEqual([entry.requestId, entry.timestamp, entry.level], ['123', Date.UTC(2026, 0), 'info']);
    assert.equal(nothing.message, 'null');
    assert.equal(new Date(far.timestamp).getUTCFullYear(), 9999);
  });

  test('a hook that throws does not reach the program', () => {
    const client = newClient({
      lossy: false,
      onError: () => {
        throw new Error('in the hook');
      },
    });
    client.info('');
  });

  test('pino’s names for message and error, and its ISO times, are honoured', async () => {
    const client = newClient();
    const stream = maximStream({ client });
    const logger = pino({ messageKey: 'text', errorKey: 'failure', timestamp: pino.stdTimeFunctions.isoTime }, stream);
    logger.child({ child: 1 }).error(new TypeError('boom'), 'it failed');
    await new Promise((resolve) => stream.end(resolve));
    const [entry] = entries();
    assert.deepEqual([entry.message, entry.errorName, entry.data.message], ['it failed', 'TypeError', 'boom']);
    assert.ok(Math.abs(entry.timestamp - Date.now()) < 3_600_000, String(entry.timestamp));
  });

  test('steps of a flow are numbered without gaps', async () => {
    const client = newClient();
    const flow = client.flow('work');
    assert.equal(flow.name, 'work');
    assert.match(flow.id, /^work-[0-9a-f]{8}$/);
    for (let i = 0; i < 50; i++) flow.info('step');
    assert.equal(flow.stepIndex, 50);
    await client.flush();
    assert.deepEqual(entries().map(({ stepIndex }) => stepIndex), [...Array(50).keys()]);
  });

  test('raw documents do not block, and a refusal rejects', async () => {
    await server.control({ delay_ms: 300 });
    const client = newClient();
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);
    await client.ingestRaw(Buffer.from('a,b\n'), 'csv');
    clearInterval(timer);
    assert.ok(ticks >= 3, `${ticks} ticks in 300 ms`);
    await server.control({ delay_ms: 0, status: 400 });
    await assert.rejects(client.ingestRaw('x', 'text'), MaximError);
    await assert.rejects(client.ingestRaw('x', 'xml'), { code: 'MAXIM_ERR_INVALID_ARGUMENT' });
    await assert.rejects(client.ingestRaw(5, 'text'), { code: 'MAXIM_ERR_INVALID_ARGUMENT' });
    await server.control({ status: null });
  });

  test('a pino destination gives entries', async () => {
    const client = newClient();
    const stream = maximStream({ client });
    const logger = pino({ level: 'trace' }, stream);
    logger.info({ order: 17 }, 'placed');
    logger.fatal(new TypeError('boom'));
    logger.trace('details');
    await new Promise((resolve) => stream.end(resolve));
    const [placed, failed, details] = entries();
    assert.deepEqual([placed.level, placed.message, placed.data], ['info', 'placed', { order: 17 }]);
    assert.deepEqual([failed.level, failed.message, failed.errorName], ['error', 'boom', 'TypeError']);
    assert.match(failed.errorStack, /boom/);
    assert.equal(details.level, 'debug');
  });

  test('a pino transport logs from pino’s worker', async () => {
    const target = createRequire(import.meta.url).resolve('../adapters/pino.js');
    const transport = pino.transport({
      target,
      options: { apiKey: 'k', source: 'svc', environment: 'development', endpoint: server.url, spoolDir: join(directory.path, 'spool') },
    });
    const logger = pino(transport);
    logger.warn('from the worker');
    transport.end();
    await until(async () => (await server.stats()).entries === 1);
  });

  test('a winston transport gives entries', async () => {
    const client = newClient();
    const transport = new MaximTransport({ client });
    const logger = winston.createLogger({ level: 'silly', format: winston.format.errors({ stack: true }), transports: [transport] });
    logger.info('placed', { order: 17 });
    logger.error(new TypeError('boom'));
    logger.silly('details');
    const finished = new Promise((resolve) => transport.on('finish', resolve));
    logger.end();
    await finished;
    const [placed, failed, details] = entries();
    assert.deepEqual([placed.level, placed.message, placed.data], ['info', 'placed', { order: 17 }]);
    assert.deepEqual([failed.level, failed.message], ['error', 'boom']);
    assert.match(failed.errorStack, /boom/);
    assert.equal(details.level, 'debug');
  });
});
