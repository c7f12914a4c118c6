// What public methods are given: no value makes one throw, a text that is no string is taken as in a configuration, and
// a refusal names the method's own argument.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { Logger, LogClient } from '../index.mjs';
import maximStream from '../adapters/pino.js';
import { KEY, parseLine, scratch, startServer } from './support.mjs';

const throwing = () => {
  throw new Error('on purpose');
};

/** Runs `work` with a logger, a client and what they were told; gives the log API's lines and the entries that arrived. */
async function logged(work, more = {}) {
  const place = scratch();
  const file = join(place.path, 'lines');
  const server = await startServer(['--lines', file]);
  const told = [];
  const options = { apiKey: KEY, spoolDir: join(place.path, 'spool'), onError: (error) => told.push(error.message), ...more };
  const log = new Logger({ ...options, baseUrl: server.url, repositoryId: 'arguments' });
  const app = new LogClient({ ...options, endpoint: server.url, source: 's', environment: 'production' });
  try {
    await work({ log, app, told });
    assert.deepEqual([await log.close(), await app.close()], [0, 0]);
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return {
      told,
      entries: lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)),
      lines: lines.filter((line) => !line.startsWith('{')).map(parseLine),
    };
  } finally {
    server.stop();
    await place.remove();
  }
}

/** Values of all kinds, among them those whose own code throws. */
function values() {
  const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, throwing]));
  const revocable = Proxy.revocable({}, {});
  revocable.revoke();
  const thrown = revocable.proxy;
  return {
    undefined: undefined, null: null, zero: 0, negative: -1, NaN: NaN, text: 'x', 'empty text': '', bigint: 10n, true: true, symbol: Symbol('s'),
    function: () => 1, array: [], 'array of nothing': [null, undefined], object: {}, 'no prototype': Object.create(null), date: new Date(NaN),
    map: new Map([[1, 2]]), set: new Set([1]), promise: Promise.resolve(1), buffer: Buffer.from('a'), error: new Error('e'),
    'a Proxy that throws': new Proxy({}, traps), 'a revoked Proxy': revocable.proxy,
    'a function whose Proxy throws': new Proxy(() => 1, { get: throwing, ownKeys: throwing, getPrototypeOf: throwing }),
    'getters that throw': Object.defineProperties({}, Object.fromEntries(
      ['id', 'name', 'role', 'level', 'message', 'tags', 'type', 'input', 'total', 'then', 'sessionId', 'force', 'source'].map((name) => [name, { get: throwing, enumerable: true }]))),
    'texts that throw': { toString: throwing, valueOf: throwing, [Symbol.toPrimitive]: throwing },
    'an iterator that throws': { [Symbol.iterator]: throwing }, 'an iterator of nothing': { [Symbol.iterator]: () => ({ next: () => 5 }) },
    'a generator that throws': { *[Symbol.iterator]() { yield { role: 'user', content: 'first' }; throw thrown; } },
    'a generator without end': { *[Symbol.iterator]() { for (;;) yield 1; } },
  };
}

/** The names of an object's public methods, its class's and those above it. */
function methodsOf(object) {
  const names = new Set();
  for (let at = Object.getPrototypeOf(object); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) if (typeof value === 'function') names.add(name);
  }
  names.delete('constructor');
  return [...names];
}

// They end the logger, or say in their names or their documentation that they throw.
const APART = /^(close|cleanup|disconnect|purge|writeToFile|check|addSink)|^flush|OrThrow$|^(ingestRaw|flowRemote)$/;

test('no public method throws for a value, whatever it is given', async () => {
  const thrown = [];
  let calls = 0;
  const { told } = await logged(({ log, app, told }) => {
    const trace = log.trace({ id: 'around' });
    const objects = {
      Logger: () => log, LogClient: () => app, Flow: () => app.flow('f'), Session: () => log.session(), Trace: () => log.trace(), Span: () => trace.span(),
      Generation: () => trace.generation(), Retrieval: () => trace.retrieval(), ToolCall: () => trace.toolCall(), LoggedError: () => trace.error('e'),
      Evaluation: () => trace.evaluate,
    };
    const given = [
      ...Object.entries(values()),
      ['an entity', trace],
      ['a Proxy of an entity', new Proxy(trace, {})],
      ['an entity that was never made', Object.create(Object.getPrototypeOf(trace))],
    ];
    for (const [kind, made] of Object.entries(objects)) {
      const object = made();
      for (const method of methodsOf(object).filter((name) => !APART.test(name))) {
        for (const [name, value] of given) {
          // It has a test of its own.
          if (name === 'a generator without end') continue;
          for (const list of [[value], ['a', value], ['a', 'b', value], [value, value, value, value], [{}, value]]) {
            calls += 1;
            try {
              object[method](...list);
            } catch (error) {
              thrown.push(`${kind}.${method}(${name}): ${error.message}`);
            }
          }
        }
        // Bounds what is kept for the assertion, not what is called.
        told.splice(0, told.length, ...new Set(told));
      }
    }
  });
  assert.deepEqual(thrown, []);
  assert.ok(calls > 10_000, `${calls} calls`);
  const unhelpful = told.filter((message) => /argument \d|Cannot (read properties|destructure)|is not iterable|must be a string$/.test(message));
  assert.deepEqual(unhelpful, []);
});

test('what is given to addMessages is logged message by message, and what is none is refused by name', async () => {
  const expected = {
    text: [{ role: 'user', content: 'hello' }],
    one: [{ role: 'assistant', content: 'alone' }],
    many: [{ role: 'user', content: '1' }, { role: 'user', content: '2' }],
    throws: [{ role: 'user', content: 'first' }],
    none: [],
  };
  const { lines, told } = await logged(({ log }) => {
    const generation = (id) => log.resumeGeneration(id);
    generation('text').addMessages('hello');
    generation('one').addMessages(expected.one[0]);
    generation('many').addMessages(new Set(expected.many));
    generation('throws').addMessages(values()['a generator that throws']);
    for (const none of [undefined, null, 5]) generation('none').addMessages(none);
    log.generationAddMessage('none', undefined);
  });
  for (const [id, messages] of Object.entries(expected)) {
    const sent = lines.filter((line) => line.id === id).flatMap((line) => line.data.messages);
    assert.deepEqual(sent.map(({ role, content }) => ({ role, content })), messages, id);
  }
  assert.equal(told.filter((message) => message.startsWith('messages: ')).length, 4);
  assert.equal(told.length, 5);
});

test('messages without an end come to an end, which is reported', async () => {
  const { lines, told } = await logged(({ log }) => log.resumeGeneration('endless').addMessages(values()['a generator without end']));
  assert.equal(lines.length, 10_000);
  assert.equal(told.filter((message) => message.includes('10000 were added')).length, 1);
});

test('a cost that cannot be read is refused by name, and one that can is kept', async () => {
  const { lines, told } = await logged(({ log }) => {
    log.resumeGeneration('none').addCost(undefined);
    log.resumeGeneration('none').addCost({ get total() { return throwing(); } });
    log.resumeGeneration('none').addCost({ input: 'much', output: 1, total: 1 });
    log.resumeGeneration('parts').addCost({ input: '0.25', output: 0.5 });
    log.resumeGeneration('total').addCost({ total: 3 });
  });
  assert.deepEqual(lines.map(({ id, data }) => [id, data.cost.total]), [['parts', 0.75], ['total', 3]]);
  assert.deepEqual(told.map((message) => message.split(':')[0]), ['cost', 'total', 'input']);
});

test('texts that are no strings are sent by methods as by configurations', async () => {
  const { lines, told } = await logged(({ log }) => {
    const session = log.session({ id: 'the-session' });
    const trace = log.resumeTrace('t');
    trace.addToSession(42);
    trace.addToSession(session);
    trace.addEvent(7, 'numbered');
    trace.commit('update', undefined);
    log.traceTag({ toJSON: () => 'by-value' }, 'k', 5);
    log.trace({ id: 8n, sessionId: 42, name: 5 });
    const generation = log.resumeGeneration('g');
    generation.setModel(5);
    generation.setProvider(true);
    generation.setName({ a: 1 });
    generation.setMaximPromptId(17);
    trace.addGeneration({ id: 'configured', model: 5, provider: true, name: { a: 1 }, maximPromptId: 17 });
    trace.addAttachment({ type: 'url', id: 9, name: 3, url: new URL('http://127.0.0.1/picture') });
  });
  assert.deepEqual(told, []);
  const of = (entity, id) => lines.filter((line) => line.entity === entity && line.id === id);
  assert.deepEqual(of('trace', 't').filter(({ data }) => data.sessionId).map(({ data }) => data.sessionId), ['42', 'the-session']);
  assert.deepEqual(of('trace', 'by-value').map(({ data }) => data.tags), [{ k: '5' }]);
  assert.deepEqual(of('trace', '8').map(({ data }) => [data.sessionId, data.name]), [['42', '5']]);
  const configured = lines.find(({ data }) => data.id === 'configured' || data.model === '5' && data.provider)?.data;
  const set = Object.assign({}, ...of('generation', 'g').map(({ data }) => data));
  for (const name of ['model', 'provider', 'name', 'maximPromptId']) {
    assert.equal(typeof set[name], 'string', name);
    assert.equal(set[name], configured[name], name);
  }
  const text = JSON.stringify(lines);
  assert.ok(text.includes('http://127.0.0.1/picture') && !text.includes('\\\\\\"http'), 'the URL is there, without quotes of its own');
});

test('an entity that has no id is refused, and logs to no other one', async () => {
  const { lines, told } = await logged(({ log }) => {
    const trace = log.trace({ id: 'before' });
    trace.addMetadata({ a: 1 });
    log.resumeTrace(undefined).addTag('whose', '?');
    trace.addTag('mine', 'yes');
    trace.addMetadata({ a: 2 });
    log.resumeTrace(undefined).end();
  });
  assert.deepEqual(lines.filter(({ data }) => data.tags?.mine ?? data.tags?.whose).map(({ id, data }) => [id, data.tags]), [['before', { mine: 'yes' }]]);
  assert.deepEqual(lines.filter((line) => line.action === 'end'), []);
  assert.equal(told.filter((message) => message.startsWith('trace_id: must be given')).length, 2);
});

test('what is no id is refused, and makes none that others share', async () => {
  const { lines, told } = await logged(({ log }) => {
    for (const id of [true, false, {}, [], new Date(NaN), Symbol('s'), () => 1, new Proxy(log.session(), {})]) {
      log.resumeTrace(id).addTag('whose', '?');
      log.trace({ id, name: 'odd' });
    }
  });
  assert.deepEqual(lines.filter((line) => line.entity === 'trace'), []);
  assert.equal(told.filter((message) => message.startsWith('trace_id: must be given')).length, 8);
  assert.equal(told.filter((message) => /^id: .* is no id; give a text or a number$/s.test(message)).length, 8);
});

test('a refusal shows the beginning of what was refused, and no more', async () => {
  const odd = { of: 'x'.repeat(150), and: ['🙂'.repeat(100_000), 'the end'] };
  const refusals = [
    (trace) => trace.addMetric('m', odd),
    (trace) => trace.generation().addCost('x'.repeat(1000)),
    (trace, log) => log.trace({ id: [odd] }),
    (trace, log, app) => app.log({ level: odd, message: 'm' }),
    (trace) => trace.setStartTimestamp(odd),
    (trace) => new Logger({ apiKey: KEY, flushIntervalMs: odd }),
  ];
  const { told } = await logged(({ log, app, told: messages }) => {
    for (const refusal of refusals) {
      try {
        refusal(log.trace(), log, app);
      } catch (error) {
        messages.push(error.message);
      }
    }
  }, { lossy: false });
  assert.equal(told.length, refusals.length, told.join('\n'));
  for (const message of told) {
    assert.ok(message.length < 500 && message.includes('…') && message.isWellFormed(), message.slice(0, 1000));
  }
});

test('what cannot be read of an end, of a result\'s options or of tags does not cost their records', async () => {
  const odd = values()['a Proxy that throws'];
  const { lines, entries } = await logged(({ log, app }) => {
    for (const kind of ['session', 'trace', 'span', 'generation', 'retrieval', 'toolCall']) log[`${kind}End`](kind, odd);
    log.resumeGeneration('result').result({ text: 'r' }, { get force() { return throwing(); } });
    log.resumeGeneration('result').result({ text: 'r' }, null);
    app.info('tagged', undefined, odd);
  });
  assert.deepEqual(lines.filter(({ id, action }) => action === 'end' && id !== 'result').map(({ id }) => id).sort(), ['generation', 'retrieval', 'session', 'span', 'toolCall', 'trace']);
  assert.equal(lines.filter(({ id, action }) => id === 'result' && action === 'result').length, 2);
  assert.deepEqual(entries.map(({ message }) => message), ['tagged']);
});

test('a flow is had for any name, by a strict client and after the end, and throws only where exceptions were asked for', async () => {
  const names = ['ok', 'x'.repeat(100), '', undefined, null, 5, Symbol('s'), values()['a revoked Proxy']];
  let app;
  const { entries, told } = await logged((loggers) => {
    app = loggers.app;
    for (const [number, name] of names.entries()) app.flow(name).info(`step ${number}`);
  });
  assert.deepEqual(entries.map(({ message }) => message), names.map((_, number) => `step ${number}`));
  assert.deepEqual(told, []);
  const closed = app.flow('closed');
  closed.info('m');
  assert.equal(told.length, 2);
  assert.deepEqual([closed.name, closed.stepIndex, typeof closed.id], ['closed', -1, 'string']);

  const strict = await logged(({ app }) => app.flow('x'.repeat(100)).info('m'), { lossy: false });
  assert.deepEqual(strict.entries, []);
  assert.equal(strict.told.length, 2);
  assert.match(strict.told[0], /^name: 1 to 41 characters/);
  await logged(({ app }) => assert.throws(() => app.flow(''), { name: 'MaximError' }), { lossy: false, raiseExceptions: true });
});

test('an option that is negative, no number or unknown is refused by name', () => {
  const numbers = ['maxMemoryBytes', 'maxDiskBytes', 'maxFieldBytes', 'maxAgeMs', 'quarantineMaxAgeMs', 'flushIntervalMs', 'blockTimeoutMs', 'maskBudgetUs'];
  const made = [
    ...[...numbers, 'maxAttachmentBytes', 'sampleRate', 'flushIntervalSeconds', 'incompleteAfterMs'].map((name) => [name, (value) => new Logger({ apiKey: 'k', repositoryId: 'r', memoryOnly: true, [name]: value })]),
    ...[...numbers, 'batchSize'].map((name) => [name, (value) => new LogClient({ apiKey: 'k', source: 's', memoryOnly: true, [name]: value })]),
    ...['maxRetries', 'initialDelayMs', 'maxDelayMs'].map((name) => [name, (value) => new LogClient({ apiKey: 'k', source: 's', memoryOnly: true, retry: { [name]: value } })]),
  ];
  for (const [name, make] of made) {
    for (const value of [-1, -Infinity, NaN]) assert.throws(() => make(value), { name: 'MaximError', message: new RegExp(`^${name} is ${value}; give a number`) }, name);
  }
  const client = (retry) => () => new LogClient({ apiKey: 'k', source: 's', memoryOnly: true, retry });
  assert.throws(client({ max: 3 }), { name: 'MaximError', message: /retry has no option max; did you mean max/ });
  assert.throws(client(5), { name: 'MaximError', message: /^retry is 5; give an object with initialDelayMs, maxDelayMs, maxRetries/ });
});

test('a function that a `with` does not have is refused, and what is run in one is never lost', async () => {
  const { lines, told } = await logged(({ log }) => {
    for (const name of ['withSession', 'withTrace', 'withSpan']) assert.equal(log[name]({ name: 'n' }), undefined);
    const odd = values()['a Proxy that throws'];
    assert.equal(log.withSession({ id: 's' }, () => log.trace(odd) && log.trace(null) && log.withSpan(odd, () => 'work')), 'work');
    assert.equal(typeof log.withTrace({ id: 'getter' }, () => Object.defineProperty({}, 'then', { get: throwing })), 'object');
  });
  assert.deepEqual(told.map((message) => message.split(':')[0]), ['work', 'work', 'work']);
  assert.ok(lines.some((line) => line.id === 'getter' && line.action === 'end'));
});

/** Values whose content comes later, and what stands for each. */
function notThere() {
  return [
    [Promise.resolve({ choices: [] }), '[Promise: not awaited]'],
    [new (class Query { then(done) { done({ choices: [] }); } })(), '[Query: not awaited]'],
    [(async function* () { yield 1; })(), '[AsyncGenerator: not read]'],
    [(function* () { yield 1; })(), '[Generator: not read]'],
    [Readable.from(['a']), '[Readable: not read]'],
    [new ReadableStream(), '[ReadableStream: not read]'],
    [{ async *[Symbol.asyncIterator]() { yield 1; } }, '[Object: not read]'],
    [new (class Stream { controller = new AbortController(); iterator = () => {}; tee() {} async *[Symbol.asyncIterator]() {} })(), '[Stream: not read]'],
    [new Response('{}'), '[Response: not read]'],
    [new Blob(['{}']), '[Blob: not read]'],
  ];
}

test('what was awaited and can be iterated for more is logged', async () => {
  // As the lists of providers' clients are: a page, and an iterator over the pages that follow.
  class Page {
    data = [{ id: 'a' }];
    has_more = false;
    async *[Symbol.asyncIterator]() { yield* this.data; }
  }
  const document = new (class Document { id = 7; text() {} arrayBuffer() {} })();
  const { told, entries } = await logged(({ app }) => {
    app.info('page', new Page());
    app.info('within', { page: new Page(), document });
  });
  assert.deepEqual(told, []);
  assert.deepEqual(entries.map(({ data }) => data), [
    { data: [{ id: 'a' }], has_more: false },
    { page: { data: [{ id: 'a' }], has_more: false }, document: { id: 7 } },
  ]);
});

test('a value that nobody awaited or read is refused by its name, and nothing of it is logged', async () => {
  const calls = {
    result: (trace, value) => trace.addGeneration({ id: 'g' }).result(value),
    message: (trace, value) => trace.addGeneration({ id: 'g' }).addMessage(value),
    parameters: (trace, value) => trace.addGeneration({ id: 'g' }).setModelParameters(value),
    documents: (trace, value) => trace.addRetrieval({ id: 'r' }).setOutput(value),
    query: (trace, value) => trace.addRetrieval({ id: 'r' }).setInput(value),
    input: (trace, value) => trace.setInput(value),
    output: (trace, value) => trace.setOutput(value),
    metadata: (trace, value) => trace.addMetadata(value),
    feedback: (trace, value) => trace.addFeedback(value),
    evaluators: (trace, value) => trace.evaluate.withEvaluators(value),
    value: (trace, value) => trace.addTag('key', value),
    data: (trace, value) => trace.addToolCall({ id: 'c' }).update(value),
    sessionId: (trace, value) => trace.addToSession(value),
  };
  for (const [name, call] of Object.entries(calls)) {
    const { told, lines } = await logged(({ log }) => {
      for (const [value] of notThere()) call(log.trace({ id: 't' }), value);
    });
    const wanted = notThere().map(([, text]) => `${name}: ${text}`);
    assert.deepEqual(told.map((message, each) => message.slice(0, wanted[each]?.length)), wanted);
    assert.deepEqual([...new Set(lines.map((line) => line.action))].filter((action) => !/^(create|add-.*)$/.test(action)), [], name);
    assert.ok(!JSON.stringify(lines).includes('not '), name);
  }
});

test('what nobody awaited is left out of a configuration or an entry by its name, and the record is made', async () => {
  const { told, lines, entries } = await logged(({ log, app }) => {
    const [later] = notThere()[0];
    const trace = log.trace({ id: 't', name: 'kept', input: later, tags: later });
    trace.addGeneration({ id: 'g', model: 'm', messages: later });
    trace.addGeneration(later);
    trace.addError(later);
    trace.end(later);
    app.info('said', later, { tags: later });
    app.log({ message: 'whole', data: later, tags: ['t'] });
    app.error(later);
    const flow = app.flow(later);
    flow.info('step', { inner: [later] });
  });
  const left = '[Promise: not awaited], left out; give what comes of it';
  const said = (name) => `${name}: ${left}`;
  assert.deepEqual(told, [
    said('input'), said('tags'), said('messages'), said('config'),
    '[Promise: not awaited] is not a time: give a Date, milliseconds since 1970 or ISO 8601',
    said('data'), said('tags'), said('data'),
  ]);
  const of = (action) => lines.filter((line) => line.action === action);
  assert.deepEqual([of('create')[0].data.name, of('create')[0].data.input, of('create')[0].data.tags], ['kept', undefined, {}]);
  assert.deepEqual(of('add-generation').map((line) => line.data.model ?? null), ['m', null]);
  assert.equal(of('add-error')[0].data.message ?? of('add-error')[0].data.error?.message, '[Promise: not awaited]');
  assert.equal(of('end').length, 1);
  assert.deepEqual(entries.map((entry) => entry.message), ['said', 'whole', '[Promise: not awaited]', 'step']);
  assert.deepEqual(entries.map((entry) => entry.data ?? null), [null, null, null, { inner: ['[Promise: not awaited]'] }]);
});

test('with exceptions, what nobody awaited is thrown by its name, in calls, in configurations and in options', async () => {
  await logged(({ log, app }) => {
    const [later] = notThere()[0];
    const named = (name) => ({ code: 'MAXIM_ERR_INVALID_ARGUMENT', message: new RegExp(`^${name}: \\[Promise: not awaited\\]`) });
    assert.throws(() => log.resumeGeneration('g').result(later), named('result'));
    assert.throws(() => log.trace({ tags: later }), named('tags'));
    assert.throws(() => log.trace(later), named('config'));
    assert.throws(() => app.info('m', later), named('data'));
    assert.throws(() => new Logger({ apiKey: later }), named('apiKey'));
    assert.throws(() => new Logger({ apiKey: 'k', otlpHeaders: { Authorization: later } }), named('Authorization'));
  }, { raiseExceptions: true });
});

test('what a block gives that is awaited as a Promise is ends its trace once, whatever its `then` does', async () => {
  const thenables = [
    { then: (done) => done('value') },
    { then: (done, failed) => { done('value'); failed(new Error('again')); done('other'); } },
    { then() { throw new Error('on purpose'); } },
    { then: (_, failed) => failed(new Error('on purpose')) },
    Object.defineProperty({}, 'then', { get: ((times) => () => { if ((times += 1) > 1) throw new Error('on purpose'); return () => {}; })(0) }),
    Promise.resolve('value'),
  ];
  const { told, lines } = await logged(async ({ log }) => {
    for (const [n, thenable] of thenables.entries()) {
      const gave = await log.withTrace({ id: `t${n}` }, () => thenable).then((value) => value, (error) => error.message);
      assert.equal(gave, [2, 3, 4].includes(n) ? 'on purpose' : 'value');
    }
    const unread = log.withTrace({ id: 'unread' }, function* work() { yield 1; });
    assert.deepEqual([...unread], [1]);
  });
  const ends = lines.filter((line) => line.action === 'end').map((line) => line.id);
  assert.deepEqual(ends, ['t0', 't1', 't2', 't3', 't4', 't5', 'unread']);
  assert.deepEqual(lines.filter((line) => line.action === 'add-error').map((line) => line.id), ['t2', 't3', 't4']);
  assert.deepEqual(told, ['work: it gave [Generator: not read], and the trace has ended; read it in work']);
});

test('an Error and the data beside it both arrive, in whatever place they are given', async () => {
  const { told, entries } = await logged(({ app }) => {
    const error = Object.assign(new TypeError('declined'), { code: 'E1' });
    app.error(error, { order: 7 }, { tags: ['t'] });
    app.error('failed', error, { order: 7, tags: ['t'] });
    app.error(error, 7);
    app.error(error, { message: 'own' });
    app.warn(error, { order: 7 });
    app.warn(error, { error: 'own' });
    app.flow('f').error(error, { order: 7 });
    app.error(error, Object.defineProperty({ order: 7 }, 'odd', { get: throwing, enumerable: true }));
  });
  assert.deepEqual(told, []);
  const [beside, behind, number, named, warned, both, step, odd] = entries;
  for (const entry of [beside, behind]) assert.deepEqual([entry.data, entry.tags], [{ message: 'declined', code: 'E1', order: 7 }, ['t']]);
  assert.deepEqual([number.data, named.data, odd.data], [{ message: 'declined', code: 'E1', value: 7 }, { message: 'own', code: 'E1' }, { message: 'declined', code: 'E1', order: 7 }]);
  for (const entry of [beside, behind, number, named, odd]) {
    assert.equal(entry.errorName, 'TypeError');
    assert.match(entry.errorStack, /^TypeError: declined\n/);
  }
  assert.deepEqual(entries.map((entry) => entry.message), ['declined', 'failed', 'declined', 'declined', 'declined', 'declined', 'declined', 'declined']);
  for (const entry of [warned, step]) {
    assert.equal(entry.data.order, 7);
    assert.deepEqual([entry.data.error.name, entry.data.error.message, entry.data.error.code], ['TypeError', 'declined', 'E1']);
  }
  assert.deepEqual([both.data.error, both.data.exception.message], ['own', 'declined']);
  assert.equal(step.level, 'error');
});

test('an end is a time like any other, and what is none is reported and ends it now', async () => {
  const wrong = ['nonsense', NaN, new Date(NaN), {}, null];
  const { told, lines } = await logged(({ log }) => {
    const given = [1767323045999, 1767323045999.25, new Date(1767323045999), '2026-01-02T03:04:05.999Z', '2026-01-02T04:04:05.99925+01:00'];
    for (const time of [...given, ...wrong]) log.trace().end(time);
    for (const time of [...given, ...wrong]) log.traceEnd('t', { endTimestamp: time, more: 1 });
    log.trace().addError(new Error('e')).end(given[0]);
  });
  const ends = lines.filter((line) => line.action === 'end').map((line) => line.data.endTimestamp);
  const same = '2026-01-02T03:04:05.999Z';
  const five = [same, '2026-01-02T03:04:05.999250Z', same, same, '2026-01-02T03:04:05.999250Z'];
  assert.deepEqual([ends.slice(0, 5), ends.slice(10, 15), ends.slice(20)], [five, five, [same]]);
  assert.ok([...ends.slice(5, 10), ...ends.slice(15, 20)].every((end) => /^20\d\d-.*Z$/.test(end)), ends.join());
  assert.deepEqual(told.map((message) => message.split(' is not a time')[1]), Array(8).fill(': give a Date, milliseconds since 1970 or ISO 8601'));
});

test('bytes are the text that they are, and a result in bytes is the result', async () => {
  const answer = { id: 'x', object: 'chat.completion', model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'yes' } }] };
  const given = Buffer.from(JSON.stringify(answer));
  const kinds = [given, new Uint8Array(given), new Uint8Array(given).buffer, new DataView(new Uint8Array(given).buffer)];
  const { told, lines, entries } = await logged(({ log, app }) => {
    for (const [n, kind] of [answer, ...kinds].entries()) log.trace().generation({ id: `g${n}` }).result(kind);
    const trace = log.trace({ input: Buffer.from('hé') });
    trace.toolCall({ args: Buffer.from('args') }).result(new Uint8Array([0xff, 0xfe]));
    trace.addMetadata({ inner: Buffer.from('in'), numbers: new Float32Array([1, 0.5]), none: Buffer.alloc(0) });
    app.info(Buffer.from('said'), Buffer.from('data'));
  });
  assert.deepEqual(told, []);
  const results = lines.filter((line) => line.entity === 'generation' && line.action === 'result').map((line) => JSON.stringify(line.data));
  assert.equal(results.length, 5);
  assert.deepEqual(results, Array(5).fill(results[0]));
  assert.ok(results[0].includes('"yes"'));
  const sent = JSON.stringify(lines);
  for (const part of ['"input":"hé"', '"args"', 'data:application/octet-stream;base64,//4=']) assert.ok(sent.includes(part), part);
  const { inner, numbers, none } = lines.find((line) => line.data.metadata).data.metadata;
  assert.deepEqual([inner, numbers, none], ['in', '[1,0.5]', '']);
  assert.deepEqual([entries[0].message, entries[0].data], ['said', { value: 'data' }]);
});

test('a level of another logger is taken as ours, and one that is none is reported', async () => {
  const levels = ['fatal', 'WARN', 'critical', 'warning', 'trace', 50, 30, 'notice', 'loud', {}, undefined, null];
  const { told, entries } = await logged(({ app }) => {
    for (const level of levels) app.log({ level, message: 'm' });
    app.log({ level: 'loud', message: 'm', error: new Error('e') });
  });
  assert.deepEqual(entries.map((entry) => entry.level), ['error', 'warn', 'error', 'warn', 'debug', 'error', 'info', 'info', 'info', 'info', 'info', 'info', 'error']);
  assert.deepEqual(told.map((message) => message.slice(0, 9)), Array(3).fill('level is '));
});

test('what an Error has besides its message arrives with its entry', async () => {
  const { told, entries } = await logged(({ app }) => {
    const error = Object.assign(new Error('refused', { cause: new Error('c') }), { code: 'ECONNREFUSED', status: 503, request: { headers: {} } });
    app.error('failed', error);
    app.error(error, { status: 1, order: 7 });
    app.flow('f').error('step', error);
    const stream = maximStream({ client: app });
    stream.write(`${JSON.stringify({ level: 50, message: 'own', err: { type: 'Error', message: 'm', stack: 's', code: 'E', config: { headers: { Authorization: 'Bearer secret' } }, aggregateErrors: [1, { type: 'T', message: 'inner', config: {} }] }, msg: 'p' })}\n`);
  });
  assert.deepEqual(told, []);
  assert.deepEqual(entries.map((entry) => entry.data).filter((data) => !data.error), [
    { message: 'refused', code: 'ECONNREFUSED', status: 503 },
    { message: 'refused', code: 'ECONNREFUSED', status: 1, order: 7 },
    { message: 'own', code: 'E', aggregateErrors: [1, { type: 'T', message: 'inner' }] },
  ]);
  assert.deepEqual([entries[2].data.error.code, entries[2].data.error.message], ['ECONNREFUSED', 'refused']);
});
