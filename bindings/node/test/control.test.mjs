// What must not leave does not: the table of tests/masks.json through this binding, and which traces a sample has.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Logger, LogClient } from '../index.mjs';
import { KEY, ROOT, scratch, startServer, until } from './support.mjs';

/** A text as it may stand in JSON, in JSON in a JSON string, and so on. */
function escaped(text) {
  const forms = [text];
  for (let times = 0; times < 3; times++) forms.push(JSON.stringify(forms.at(-1)).slice(1, -1));
  return forms;
}

async function staged(work, ...flags) {
  const place = scratch();
  const record = join(place.path, 'record');
  const server = await startServer(['--record', record, ...flags]);
  const both = { apiKey: KEY, spoolDir: join(place.path, 'spool'), raiseExceptions: true, maskBudgetUs: 60_000_000 };
  try {
    const left = () => (existsSync(record) ? readFileSync(record, 'utf8') : '');
    const options = { ...both, baseUrl: server.url, repositoryId: 'repo-1' };
    await work(options, left, { ...both, endpoint: server.url, source: 'svc' });
  } finally {
    server.stop();
    await place.remove();
  }
}

const { rules, texts, given } = JSON.parse(readFileSync(join(ROOT, 'tests/masks.json'), 'utf8'));
const { functions, structs } = JSON.parse(readFileSync(join(ROOT, 'include/maxim.api.json'), 'utf8'));
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

/** A template of the table with the text in each place. */
function filled(template, text) {
  if (Array.isArray(template)) return template.map((each) => filled(each, text));
  if (typeof template !== 'object') return template === '$' ? text : template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key === '$' ? text : key, filled(value, text)]));
}

/** What a parameter or member with this name in C is given: the text, alone or in JSON. */
const valueOf = (name, text) => (name.endsWith('_json') ? filled(given[name] ?? given.metadata_json, text) : text);

/** The configuration of a C struct, with the text in every member that takes one. */
function configOf(name, text, without = []) {
  const members = structs
    .find((each) => each.name === name)
    .fields.filter((field) => field.c === 'maxim_str' && !/(^|_)id$/.test(field.name) && !without.includes(field.name))
    .map((field) => [camel(field.name.replace(/_json$/, '')), valueOf(field.name, text)]);
  return Object.fromEntries(members);
}

/** A parameter in JavaScript. */
function argument({ name, c }, text) {
  const config = /^const (maxim_\w+) \*$/.exec(c)?.[1];
  if (config === 'maxim_attachment') return { ...configOf(config, text, ['path']), type: 'url' };
  if (config) return configOf(config, text);
  if (c === 'maxim_str') return name.endsWith('_id') ? 'id-1' : valueOf(name, text);
  return { double: 1, int64_t: new Date(), maxim_result_flags: { force: true } }[c];
}

/** Calls that have another form here than their name in C says. */
const FORMS = {
  create: (entity, [config], { logger, kind }) => logger[kind](config),
  from_traceparent: (entity, [, config], { logger }) => logger.traceFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', config),
  add_event: (entity, [{ name, tags, metadata }]) => entity.addEvent('event-1', name, tags, metadata),
  set_input_json: (entity, [value]) => entity.setInput(value),
  add_cost: (entity, [input, output, total]) => entity.addCost({ input, output, total }),
  add_total_cost: (entity, [total]) => entity.addCost({ total }),
  evaluate_with_evaluators: (entity, [names]) => entity.evaluate.withEvaluators(names),
  evaluate_with_variables: (entity, [variables, names]) => entity.evaluate.withVariables(variables, names),
};

/** Gives a text to every call that takes one: those of entities by the description of the ABI, so that a new one is among them. */
function tell(logger, client, text) {
  const trace = logger.trace({});
  const made = { session: logger.session({}), trace, span: trace.addSpan({}), generation: trace.addGeneration({}), retrieval: trace.addRetrieval({}), tool_call: trace.addToolCall({}), error: trace.addError({ message: 'x' }) };
  const calls = functions.filter((each) => each.entity && !each.for_c && !each.deprecated_for && each.parameters[0].name === 'logger');
  assert.ok(calls.length > 80, String(calls.length));
  for (const { name, entity: kind, parameters } of calls) {
    const verb = name.slice(`maxim_${kind}_`.length);
    const own = parameters.filter((each) => each.name !== 'logger' && each.name !== `${kind}_id` && each.name !== 'out_id');
    const values = own.map((each) => argument(each, text));
    if (FORMS[verb]) FORMS[verb](made[kind], values, { logger, kind });
    else made[kind][camel(verb)](...values);
  }
  logger.commit('trace', trace.id, 'update', { [text]: text, whatever: [text] });

  const data = filled(given.metadata_json, text);
  client.info(text, data, { tags: [text] });
  client.error(text, new Error(text));
  const entry = configOf('maxim_log_entry', text);
  client.log({ ...entry, data, tags: [text], userId: text, sessionId: text, requestId: text, flowId: text });
  client.ingestRawAsync(`say ${text}`, 'text', { source: text, dataset: text });
}

function assertNoSecretIn(found) {
  assert.equal(texts.length, 76);
  assert.ok(found.includes('[email]') && found.includes('[customer]'));
  for (const { secrets } of texts) {
    for (const form of secrets.flatMap(escaped)) assert.ok(!found.includes(form), form);
  }
}

/** What reading gives, or nothing where a file or directory has just been removed. */
function unlessGone(read, nothing) {
  try {
    return read();
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return nothing;
  }
}

/** All that is in the files below a directory, with their names. */
const contents = (path) =>
  unlessGone(() => readdirSync(path, { withFileTypes: true }), [])
    .map((entry) => [join(path, entry.name), entry.isDirectory()])
    .map(([name, isDirectory]) => (isDirectory ? contents(name) : name + unlessGone(() => readFileSync(name, 'utf8'), '')))
    .join('\n');

test('no secret of the table leaves', async () => {
  await staged(async (options, left, clientOptions) => {
    const logger = new Logger({ ...options, masks: rules });
    const client = new LogClient({ ...clientOptions, masks: rules });
    for (const { text } of texts) tell(logger, client, text);
    await logger.close();
    await client.close();
    assertNoSecretIn(left());
  });
});

test('no secret of the table lies in the spool or in quarantine or is told', async () => {
  await staged(
    async (options, left, clientOptions) => {
      const told = [];
      const talks = { masks: rules, isDebug: true, onDebug: (line) => told.push(line), onError: (error) => told.push(String(error)) };
      const logger = new Logger({ ...options, ...talks });
      const client = new LogClient({ ...clientOptions, ...talks });
      for (const { text } of texts) tell(logger, client, text);
      await logger.writeToFile();
      const kept = contents(options.spoolDir);
      assert.ok(kept.includes('[email]'), 'nothing was kept');
      // Refused by the service, each by itself.
      await logger.flush(0);
      await until(() => logger.stats().quarantined > 0);
      await logger.close(0);
      await client.close(0);
      const leftHere = contents(options.spoolDir);
      assert.ok(leftHere.includes('quarantine'), 'there is no quarantine');
      assertNoSecretIn([kept, leftHere, ...told].join('\n'));
    },
    '--status',
    '400',
  );
});

test('a sample is the documented one', async () => {
  await staged(async (options, left) => {
    const logger = new Logger({ ...options, sampleRate: 0.3 });
    const ids = Array.from({ length: 40 }, (_, number) => `trace-${number}`);
    for (const id of ids) logger.trace({ id });
    const { sampledOut, accepted } = logger.stats();
    await logger.close();
    const found = left();
    for (const id of ids) {
      const number = createHash('sha256').update(id).digest().readBigUInt64BE() >> 11n;
      assert.equal(found.includes(`trace{id=${id},`), Number(number) < 0.3 * 2 ** 53, id);
    }
    assert.equal(sampledOut + accepted, 40);
  });
});

test('without content it stays here, disabled nothing goes, and a bad rule is named', async () => {
  await staged(async (options, left) => {
    const logger = new Logger({ ...options, captureContent: false });
    logger.trace({ name: 'named', input: 'asked-for' });
    await logger.close();
    assert.ok(left().includes('named') && !left().includes('asked-for'));
    const quiet = new Logger({ disabled: true, raiseExceptions: true });
    quiet.trace({ name: 'unheard' }).end();
    await quiet.close();
    assert.ok(!left().includes('unheard'));
    assert.throws(() => new Logger({ ...options, masks: [{ preset: 'mail' }] }), /rule 1/);
  });
});

/** What the tests' masks do; `fail` makes them fail in its way. */
const masking = (seen, fail) => (entity, field, text) => {
  seen.push(`${entity} ${field}`);
  if (text.includes('hopeless')) return fail();
  return text.includes('secret') ? text.replaceAll('secret', '[mine]') : undefined;
};

test('the program’s own mask is asked for every text, inside the log call', async () => {
  await staged(async (options, left, clientOptions) => {
    const seen = [];
    const onMask = masking(seen);
    const logger = new Logger({ ...options, onMask });
    const client = new LogClient({ ...clientOptions, onMask });
    const trace = logger.trace({ name: 'a secret name', input: 'ünharmed 😀' });
    assert.ok(seen.includes('trace name'));
    trace.addTag('k', 'secret tag');
    trace.generation({ model: 'm', messages: [{ role: 'user', content: 'secret question' }] }).result({ id: 'r', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: 'secret answer' }, finish_reason: 'stop' }] });
    client.info('secret message', { deep: ['secret datum'] });
    client.error('failed', new Error('secret error'));
    client.ingestRawAsync('secret document', 'text');
    await client.ingestRaw(Buffer.from('secret bytes'), 'text');
    await logger.close();
    await client.close();
    assert.ok(!left().includes('secret'), left());
    for (const what of ['name', 'tag', 'question', 'answer', 'message', 'datum', 'error', 'document', 'bytes']) {
      assert.ok(left().includes(`[mine] ${what}`), what);
    }
    assert.ok(left().includes('ünharmed 😀'));
    for (const place of ['trace input', 'trace messages.content', 'generation result.choices.message.content', 'log_entry message', 'log_entry data.deep', 'log_entry document']) {
      assert.ok(seen.includes(place), `${place} is not in ${seen.join(', ')}`);
    }
  });
});

test('a mask that fails drops the text, keeps the record, and is told of', async () => {
  await staged(async (options, left) => {
    const failures = [() => { throw new Error('broken'); }, () => 5, () => null, async () => 'later', () => { throw undefined; }, () => ({ toString() { throw new Error('no text'); } })];
    for (const [number, fail] of failures.entries()) {
      const told = [];
      const logger = new Logger({ ...options, raiseExceptions: false, onMask: masking([], fail), onError: (error) => told.push(error.message) });
      logger.trace({ name: 'kept', input: 'hopeless', id: `failed-${number}` });
      assert.equal(logger.stats().masksFailed, 1);
      assert.match(told[0], /onMask failed: .*the text was dropped/);
      await logger.close();
      assert.match(left(), new RegExp(`failed-${number},action=create`));
    }
    assert.ok(!left().includes('hopeless'));
  });
});

test('a mask that logs leaves the calls around it as they are', async () => {
  await staged(async (options, left) => {
    let other;
    const logger = new Logger({ ...options, onMask: (_entity, _field, text) => void (text.startsWith('ask') && other.addTag('asked', 'yes')) });
    const second = new Logger({ ...options, repositoryId: 'repo-2' });
    other = second.trace({ id: 'the-other' });
    const trace = logger.trace({ id: 'the-one' });
    for (let turn = 0; turn < 3; turn++) {
      trace.addTag(`k${turn}`, `ask${turn}`);
      trace.addTag(`l${turn}`, 'plain');
      other.addTag(`m${turn}`, 'plain');
    }
    await logger.close();
    await second.close();
    const lines = left().split('\\n').join('\n');
    for (let turn = 0; turn < 3; turn++) {
      for (const key of ['k', 'l']) assert.match(lines, new RegExp(`the-one,action=update,data=[^\\n]*${key}${turn}`));
      assert.doesNotMatch(lines, new RegExp(`the-other,action=update,data={[^}]*[kl]${turn}`));
    }
  });
});

test('a worker’s mask is its own', async () => {
  await staged(async (options, left) => {
    const worker = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads');
       const { Logger } = require(workerData.index);
       const logger = new Logger({ ...workerData.options, onMask: (_entity, _field, text) => text.replace('secret', '[of the worker]') });
       logger.trace({ name: 'secret' }).end();
       logger.close().then((left) => parentPort.postMessage(left));`,
      { eval: true, workerData: { options, index: join(ROOT, 'bindings/node/index.js') } },
    );
    const [held] = await once(worker, 'message');
    await worker.terminate();
    assert.equal(held, 0);
    assert.ok(left().includes('[of the worker]') && !left().includes('secret'));
  });
});
