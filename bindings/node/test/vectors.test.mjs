// Replays every step of tests/vectors/maxim.jsonl through the binding and compares the lines and the
// uploads that reach the server. tests/vectors/README.md says how to compare.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '../index.mjs';
import { KEY, jsonLines, parseLine, ROOT, scratch, startServer } from './support.mjs';

const VECTORS = join(ROOT, 'tests/vectors');
const STARTED = Math.floor(Date.now() / 1000);
const steps = jsonLines(join(VECTORS, 'maxim.jsonl'));

// Where the library or the binding does something else on purpose: the step, why, and the captured lines
// as they should be instead.
const jsonTags = (lines) => {
  for (const { data } of lines) {
    for (const [key, value] of Object.entries(data.tags)) {
      if (typeof value !== 'string') data.tags[key] = JSON.stringify(value);
    }
  }
  return lines;
};
// A result is never refused for its shape, as the captured client refuses some.
const resultLines = (result) => () => ['result', 'end'].map((action) => ({
  entity: 'generation',
  id: 'cccccccc-0000-4000-8000-000000000003',
  action,
  data: action === 'result' ? { result } : { endTimestamp: '2026-11-21T02:31:00+00:00' },
}));
const completion = (choice, rest) => ({ object: 'chat.completion', model: 'gpt-4o', choices: [{ index: 0, ...choice }], ...rest });
const withTags = (tags) => (lines) => lines.map((line) => ({ ...line, data: { ...line.data, tags } }));
const DIFFERENCES = new Map([
  [6, ['tags that are not strings are JSON, not what Python prints',
    withTags({ i: '1', f: '1.5', b: 'true', n: 'null', l: '[1,"a"]', d: { x: '1', y: { z: 'null' } }, dt: '2024-01-02T03:04:05.000Z' })]],
  [9, ['a tag is a string', jsonTags]],
  [15, ['leaves of nested tags are strings too', withTags({ nested: { a: '1' } })]],
  [49, ['null tags are absent tags', withTags({})]],
  [54, ['a tag is a string', jsonTags]],
  [56, ['a tag is a string, and JSON writes numbers as JavaScript does', withTags({ big: '1e+22' })]],
  [58, ['a tag is a string', jsonTags]],
  [67, ['a tag is a string', jsonTags]],
  [84, ['a metric is a number; null is refused', () => []]],
  [96, ['an id that is not given is generated',
    () => [parseLine('trace{id=bbbbbbbb-0000-4000-8000-000000000002,action=add-tool-call,data={"id":"db54342b-261a-49a8-bac5-a9555a3cbd1f","name":"noid","startTimestamp":""}}')]]],
  [135, ['what is of no known shape is sent as it is', resultLines({ id: 'x', choices: 'bad' })]],
  [137, ['what is of no known shape is sent as it is', resultLines('string')]],
  [139, ['what the log API needs is filled in', resultLines(completion(
    { message: { role: 'assistant', content: 'no id/created' } },
    { id: 'db54342b-261a-49a8-bac5-a9555a3cbd1f', created: 1_790_000_000, model: 'gpt-5', usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 } }))]],
  [141, ['a count that is no integer becomes one', resultLines(completion(
    { message: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop', logprobs: null },
    { id: 'chatcmpl-1', created: 1_700_000_000, usage: { prompt_tokens: 2, completion_tokens: 1, total_tokens: 2 } }))]],
  [158, ['a span belongs to what it is added to; the C API takes no other parent', (lines) => {
    delete lines[0].data.spanId;
    return lines;
  }]],
  [190, ['an id that ends in a newline is refused', () => []]],
]);

const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

/** Milliseconds, with microseconds as a fraction; a time without an offset is UTC. */
function instant(iso) {
  const [, whole, fraction = '', offset] = /^(.*?:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$/.exec(iso);
  return Date.parse(`${whole}${offset ?? 'Z'}`) + Number(fraction.padEnd(6, '0').slice(0, 6) || 0) / 1000;
}

/** An argument of the vectors as JavaScript has it. */
function argument(value, config) {
  if (Array.isArray(value)) return value.map((item) => argument(item, false));
  if (typeof value !== 'object' || value === null) return value;
  if ('$dt' in value) return new Date(instant(value.$dt));
  if ('$b64' in value) return Buffer.from(value.$b64, 'base64');
  if ('$att' in value) {
    const attachment = argument(value.$att, true);
    if (attachment.path) attachment.path = join(VECTORS, attachment.path);
    attachment.type = camel(attachment.kind);
    delete attachment.kind;
    // The vectors have seconds, JavaScript milliseconds.
    if (attachment.timestamp) attachment.timestamp *= 1000;
    return attachment;
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) =>
    [config ? camel(key) : key, config && item?.$dt ? instant(item.$dt) : argument(item, false)]));
}

const KINDS = ['tool_call', 'session', 'trace', 'span', 'generation', 'retrieval'];

/** Does what a step says. */
function replay(logger, { call, args }) {
  if (call === 'session' || call === 'trace') return logger[call](argument(args[0], true));
  const kind = KINDS.find((name) => call.startsWith(`${name}_`));
  const [id, ...rest] = args;
  const entity = logger[camel(`resume_${kind}`)](id);
  const [method, ...path] = call.slice(kind.length + 1).split('.');
  const creates = /^(add_)?(trace|span|sub_span|generation|retrieval|tool_call|error|attachment)$/.test(method);
  const values = rest.map((value) => argument(value, creates));
  if (values[0] instanceof Buffer || values[1] instanceof Buffer) values[1] = values[1].toString();
  if (path.length === 0) return entity[camel(method)](...values);
  let result = entity[method];
  for (const name of path) result = result[camel(name)](...(path.length > 1 ? [values.shift()] : values));
  return result;
}

const TIMES = new Set(['startTimestamp', 'endTimestamp', 'timestamp']);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;

/** A text with generated ids taken out. */
const masked = (text) => text.replace(UUID, (id) => (id.slice(8, 24) === '-0000-4000-8000-' ? id : '<uuid>'));

/** A line with the current times and generated ids taken out. */
function comparable(line, givesTime) {
  const wild = (value, key) => {
    if (Array.isArray(value)) return value.map((item) => wild(item));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).sort().map(([name, item]) => [name, wild(item, name)]));
    }
    if (TIMES.has(key) && typeof value === 'string') return givesTime ? instant(value) : '<time>';
    // JSON within a string: white space does not matter there either.
    if (typeof value === 'string' && /^[[{]/.test(value)) return wild(JSON.parse(value));
    return typeof value === 'string' ? masked(value) : value;
  };
  const { entity, id, action, data } = line;
  // The captured client omits the id of an error.
  if (action === 'add-error') delete data.id;
  // And the size of a file, and the name of one that was given none.
  if (action === 'add-attachment') {
    delete data.size;
    if (data.name === 'unknown.bin') delete data.name;
  }
  return { entity, id, action, data: wild(data) };
}

let server;
let directory;
let logger;
let refused = [];
let seen = 0;
let seenUploads = 0;

before(async () => {
  directory = scratch();
  server = await startServer(['--lines', join(directory.path, 'lines'), '--record', join(directory.path, 'requests')]);
  logger = new Logger({
    lossy: false,
    baseUrl: server.url,
    apiKey: KEY,
    id: 'repo-1',
    autoFlush: false,
    spoolDir: join(directory.path, 'spool'),
    onError: (error) => refused.push(error),
  });
});

after(async () => {
  await logger.close();
  server.stop();
  await directory.remove();
});

/** Lines as they compare. Attachments are told of when their uploads have ended, in any order. */
function ordered(lines, givesTime) {
  const all = lines.map((line) => comparable(line, givesTime));
  const isAttachment = ({ action }) => action === 'add-attachment';
  const attachments = all.filter(isAttachment).map((line) => [JSON.stringify(line), line]).sort();
  return [...all.filter((line) => !isAttachment(line)), ...attachments.map(([, line]) => line)];
}

/** Uploads as they compare: where to, content type and content. */
const comparableUploads = (uploads) =>
  uploads.map(({ target, type, base64 }) => [masked(target), type, base64]).sort();

/** The uploads that arrived since the last call. */
function uploaded() {
  const puts = jsonLines(join(directory.path, 'requests')).filter(({ method }) => method === 'PUT');
  const fresh = puts.slice(seenUploads);
  seenUploads = puts.length;
  return fresh.map((put) => ({
    target: put.target,
    type: put.headers['content-type'],
    base64: put.body_b64 ?? Buffer.from(put.body).toString('base64'),
  }));
}

/** The lines that arrived since the last call. */
function arrived() {
  let text = '';
  try {
    text = readFileSync(join(directory.path, 'lines'), 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const lines = text.split('\n').filter(Boolean);
  const fresh = lines.slice(seen);
  seen = lines.length;
  return fresh;
}

for (const step of steps) {
  test(`step ${step.step}, ${step.call}, gives the captured lines`, async () => {
    refused = [];
    replay(logger, step);
    await logger.flush();
    const givesTime = step.args.some((value) => value?.start_timestamp !== undefined);
    const [, adapt = (lines) => lines] = DIFFERENCES.get(step.step) ?? [];
    const expected = adapt(step.requests
      .filter(({ method, target }) => method === 'POST' && target.startsWith('/api/sdk/v3/log'))
      .flatMap(({ body }) => body.split(/\n(?=[a-z_]+\{id=)/))
      .map((line) => parseLine(line)));
    const lines = arrived().map(parseLine);
    // A time that the library filled in.
    for (const { data } of lines) if (data.result?.created >= STARTED) data.result.created = 1_790_000_000;
    const actual = ordered(lines, givesTime);
    const wanted = ordered(expected, givesTime);
    assert.deepEqual(actual, wanted);
    const uploads = step.requests
      .filter(({ method }) => method === 'PUT')
      .map(({ target, content_type: type, body: base64 }) => ({ target, type, base64 }));
    assert.deepEqual(comparableUploads(uploaded()), comparableUploads(uploads));
    // What is sent as it is, is told of too.
    refused = refused.filter(({ code }) => code !== 'MAXIM_ERR_INVALID_RESULT');
    assert.equal(refused.length > 0, wanted.length === 0, 'what is not sent is reported');
  });
}
