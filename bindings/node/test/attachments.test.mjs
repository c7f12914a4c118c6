// Attachments: what is uploaded is what was given, the line that names it follows, and what cannot be
// attached is reported.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { join } from 'node:path';
import { Logger } from '../index.mjs';
import { KEY, jsonLines, parseLine, scratch, startServer, until } from './support.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let server;
let directory;
let errors;
let logger;

beforeEach(async () => {
  directory = scratch();
  server = await startServer(['--lines', join(directory.path, 'lines'), '--record', join(directory.path, 'requests')]);
  errors = [];
  logger = newLogger();
});

afterEach(async () => {
  await logger.cleanup();
  server.stop();
  await directory.remove();
});

function newLogger(options = {}) {
  return new Logger({
    lossy: false,
    baseUrl: server.url,
    apiKey: KEY,
    id: 'repo',
    autoFlush: false,
    spoolDir: join(directory.path, 'spool'),
    onError: (error) => errors.push(error),
    ...options,
  });
}

/** The members of the add-attachment lines that have arrived, by the attachment's id. */
function attached() {
  const lines = readFileSync(join(directory.path, 'lines'), 'utf8').split('\n').filter(Boolean).map(parseLine);
  return new Map(lines.filter(({ action }) => action === 'add-attachment').map((line) => [line.data.id, line]));
}

/** What was uploaded, by the attachment's id. */
function uploaded() {
  const puts = jsonLines(join(directory.path, 'requests')).filter(({ method }) => method === 'PUT');
  return new Map(puts.map((put) => [
    put.target.split('/').at(-1),
    put.body_b64 === undefined ? Buffer.from(put.body) : Buffer.from(put.body_b64, 'base64'),
  ]));
}

test('a file, bytes and a URL are attached, and have ids', async () => {
  const path = join(directory.path, 'notes.txt');
  writeFileSync(path, 'notes');
  const trace = logger.trace({ id: 't' });
  const file = trace.addAttachment({ type: 'file', path, tags: { n: 1 }, metadata: { m: [1] }, timestamp: new Date(5999) });
  const given = trace.addAttachment({ type: 'fileData', id: 'given', data: Buffer.from([1, 2, 255]), mimeType: 'audio/x', timestamp: 7000 });
  const url = trace.addAttachment({ type: 'url', url: 'https://example.com/x', name: 'x' });
  assert.match(file, UUID);
  assert.match(url, UUID);
  assert.equal(given, 'given');
  await logger.flush();
  assert.deepEqual(errors, []);
  const lines = attached();
  const key = (id) => `repo/trace/t/files/original/${id}`;
  assert.deepEqual(lines.get(file).data, {
    id: file,
    type: 'file',
    name: 'notes.txt',
    size: 5,
    tags: { n: '1' },
    metadata: { m: [1] },
    timestamp: 5,
    key: key(file),
    mimeType: 'text/plain',
  });
  assert.deepEqual(lines.get('given').data, { id: 'given', type: 'file_data', mime_type: 'audio/x', timestamp: 7, key: key('given'), mimeType: 'audio/x' });
  assert.deepEqual(lines.get(url).data, { id: url, type: 'url', url: 'https://example.com/x', name: 'x', key: key(url) });
  assert.deepEqual(uploaded(), new Map([[file, Buffer.from('notes')], ['given', Buffer.from([1, 2, 255])]]));
});

test('bytes of every kind and size are copied during the call', async () => {
  const trace = logger.trace({ id: 't' });
  const words = new Uint16Array([1, 2, 3, 4]).subarray(1, 3);
  const large = Buffer.alloc(300_000, 7);
  const kinds = {
    text: ['wörter', Buffer.from('wörter')],
    nothing: [new Uint8Array(), Buffer.alloc(0)],
    view: [words, Buffer.from(words.slice().buffer)],
    window: [new DataView(new Uint8Array([1, 2, 3]).buffer, 1), Buffer.from([2, 3])],
    buffer: [new Uint8Array([4, 5]).buffer, Buffer.from([4, 5])],
    large: [large, Buffer.from(large)],
  };
  for (const [id, [data]] of Object.entries(kinds)) assert.equal(trace.addAttachment({ type: 'fileData', id, data }), id);
  large.fill(8);
  await logger.flush();
  const arrived = uploaded();
  for (const [id, [, wanted]] of Object.entries(kinds)) assert.deepEqual(arrived.get(id), wanted, id);
  assert.deepEqual(errors, []);
});

test('everything but a tool call has attachments, also by id', async () => {
  const session = logger.session({ id: 's' });
  const trace = session.trace({ id: 't' });
  const span = trace.span({ id: 'sp' });
  const attachment = (id) => ({ type: 'url', id, url: 'https://example.com' });
  for (const entity of [session, trace, span, trace.generation({ id: 'g' }), span.retrieval({ id: 'r' })]) {
    assert.equal(entity.addAttachment(attachment(`of-${entity.id}`)), `of-${entity.id}`);
  }
  for (const [name, id] of Object.entries({ session: 's', trace: 't', span: 'sp', generation: 'g', retrieval: 'r' })) {
    assert.equal(logger[`${name}AddAttachment`](id, attachment(`by-id-${name}`)), `by-id-${name}`);
  }
  await logger.flush();
  const places = [...attached().values()].map(({ entity, id, data }) => `${entity} ${id} ${data.id}`);
  assert.deepEqual(places.sort(), [
    'generation g by-id-generation', 'generation g of-g', 'retrieval r by-id-retrieval', 'retrieval r of-r',
    'session s by-id-session', 'session s of-s', 'span sp by-id-span', 'span sp of-sp',
    'trace t by-id-trace', 'trace t of-t',
  ]);
  assert.equal('addAttachment' in trace.toolCall(), false);
});

test('what cannot be attached is refused, and nothing is thrown', () => {
  const trace = logger.trace({ id: 't' });
  const refused = [
    [undefined, 'INVALID_ARGUMENT'],
    [{ data: 'no type' }, 'INVALID_ARGUMENT'],
    [{ type: 'toString', data: 'x' }, 'INVALID_ARGUMENT'],
    [{ type: 'fileData' }, 'INVALID_ARGUMENT'],
    [{ type: 'fileData', data: [1, 2] }, 'INVALID_ARGUMENT'],
    [{ type: 'file' }, 'INVALID_ARGUMENT'],
    [{ type: 'url' }, 'INVALID_ARGUMENT'],
    [{ type: 'url', url: 5 }, 'INVALID_ARGUMENT'],
    [{ type: 'file', path: {} }, 'INVALID_ARGUMENT'],
    [{ type: 'url', url: 'x', id: 'not an id' }, 'INVALID_ID'],
    [{ type: 'fileData', get data() { throw new Error('no'); } }, 'INVALID_ARGUMENT'],
  ];
  for (const [attachment] of refused) assert.equal(trace.addAttachment(attachment), undefined);
  assert.deepEqual(errors.map(({ code }) => code), refused.map(([, code]) => `MAXIM_ERR_${code}`));
});

test('bytes above the limit are refused', async () => {
  await logger.close();
  logger = newLogger({ maxAttachmentBytes: 10 });
  const trace = logger.trace({ id: 't' });
  assert.equal(trace.addAttachment({ type: 'fileData', id: 'fits', data: '0123456789' }), 'fits');
  assert.equal(trace.addAttachment({ type: 'fileData', data: '0123456789a' }), undefined);
  assert.deepEqual(errors.map(({ code }) => code), ['MAXIM_ERR_TOO_LARGE']);
});

test('a file that cannot be read is reported, and the rest is sent', async () => {
  const trace = logger.trace({ id: 't' });
  trace.addAttachment({ type: 'file', path: join(directory.path, 'missing') });
  trace.addAttachment({ type: 'fileData', id: 'there', data: 'x' });
  await logger.flush();
  await until(() => errors.length > 0);
  assert.match(errors[0].message, /missing.*can't be read/);
  assert.deepEqual([...attached().keys()], ['there']);
});

test('flushAttachments uploads, and flush sends the line afterwards', async () => {
  const trace = logger.trace({ id: 't' });
  trace.addAttachment({ type: 'fileData', id: 'a', data: 'x' });
  await logger.flushCommitLogs();
  assert.equal((await server.stats()).uploads, 0);
  await logger.flushAttachments();
  assert.equal((await server.stats()).uploads, 1);
  await logger.flush();
  assert.ok(attached().has('a'));
});

test('an upload that fails is tried again', async () => {
  await server.control({ upload_fail: '503:2' });
  logger.trace({ id: 't' }).addAttachment({ type: 'fileData', id: 'a', data: 'x' });
  await logger.flush();
  const { uploads, credential_leaks: leaks } = await server.stats();
  assert.deepEqual([uploads, leaks], [1, 0]);
  assert.ok(attached().has('a'));
});

test('media in messages become attachments of the generation', async () => {
  const image = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const part = { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } };
  logger.trace({ id: 't' }).generation({ id: 'g', messages: [{ role: 'user', content: [part] }] });
  await logger.flush();
  const [[id, line]] = [...attached()];
  assert.deepEqual([line.entity, line.id, line.data.tags, line.data.mimeType], ['generation', 'g', { 'attach-to': 'input' }, 'image/png']);
  assert.deepEqual(uploaded(), new Map([[id, Buffer.from(image, 'base64')]]));
});

test('an attachment of a logger that ended is sent by the next', async () => {
  await server.control({ upload_url_fail: '503:1000' });
  logger.trace({ id: 't' }).addAttachment({ type: 'fileData', id: 'left', data: 'behind' });
  await assert.rejects(logger.closeOrThrow(200));
  await server.control({ upload_url_fail: null });
  logger = newLogger();
  await until(async () => {
    await logger.flushLogFiles();
    return attached().has('left');
  });
  assert.deepEqual(uploaded().get('left'), Buffer.from('behind'));
});
