// OpenTelemetry: a trace goes on below another span, and names its own to the next service.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { createRequire } from 'node:module';
import { scratch } from './support.mjs';

const { Logger, LogClient } = createRequire(import.meta.url)('../index.js');

/** A receiver of OTLP in JSON: its URL, and what it was sent. */
async function receiver() {
  const requests = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      requests.push({ path: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(parts)) });
      response.end('{}');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { requests, url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

const HEADER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

async function withLogger(work) {
  const { requests, url, close } = await receiver();
  const { path: spoolDir, remove } = scratch();
  const options = {
    protocol: 'otlp', otlpEncoding: 'json', otlpCompression: false, otlpHeaders: { 'x-key': 'a b' },
    serviceName: 'node', resourceAttributes: { team: 'a,b' }, spoolDir,
  };
  const logger = new Logger({ ...options, baseUrl: url, incompleteAfterMs: 60_000 });
  const client = new LogClient({ ...options, endpoint: url, source: 'node' });
  try {
    await work(logger, client);
    await logger.cleanup();
    await client.disconnect();
    const of = (path, groups, scopes, pieces) =>
      requests.filter((request) => request.path === path).flatMap((request) => request.body[groups][0][scopes][0][pieces]);
    return {
      requests,
      spans: of('/v1/traces', 'resourceSpans', 'scopeSpans', 'spans'),
      records: of('/v1/logs', 'resourceLogs', 'scopeLogs', 'logRecords'),
    };
  } finally {
    close();
    await remove();
  }
}

test('spans and log records arrive, with headers and the resource of the configuration', async () => {
  const { requests, spans, records } = await withLogger((logger, client) => {
    logger.trace({ name: 'question' }).end();
    client.info('hello', { order: 7 });
  });
  assert.deepEqual(spans.map((span) => span.name), ['question']);
  assert.deepEqual(records.map((record) => record.body.stringValue), ['hello']);
  assert.ok(requests.every((request) => request.headers['x-key'] === 'a b'));
  const resource = JSON.stringify(requests.find((request) => request.path === '/v1/traces').body.resourceSpans[0].resource);
  assert.match(resource, /"node"/);
  assert.match(resource, /"a,b"/);
});

test('a trace goes on below the span that a header names, or that the SDK has current', async () => {
  const key = Symbol.for('opentelemetry.js.api.1');
  const own = [];
  const { spans } = await withLogger((logger) => {
    const joined = logger.traceFrom(HEADER, { name: 'joined' });
    const span = joined.addSpan({ name: 'step' });
    own.push(logger.traceparent(joined), logger.traceparent(joined, span));
    span.end();
    joined.end();
    const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    const active = { getValue: (name) => (name === Symbol.for('OpenTelemetry Context Key SPAN') ? { spanContext: () => context } : undefined) };
    globalThis[key] = { context: { active: () => active } };
    logger.traceFrom(undefined, { name: 'current' }).end();
    delete globalThis[key];
    logger.traceFrom('nonsense', { name: 'alone' }).end();
  });
  const named = Object.fromEntries(spans.map((span) => [span.name, span]));
  assert.equal(named.joined.traceId, '0af7651916cd43dd8448eb211c80319c');
  assert.equal(named.joined.parentSpanId, 'b7ad6b7169203331');
  assert.equal(named.step.parentSpanId, named.joined.spanId);
  assert.deepEqual(own, [
    `00-${named.joined.traceId}-${named.joined.spanId}-01`,
    `00-${named.step.traceId}-${named.step.spanId}-01`,
  ]);
  assert.equal(named.current.traceId, '1'.repeat(32));
  assert.equal(named.current.parentSpanId, '2'.repeat(16));
  assert.equal(named.alone.parentSpanId, undefined);
});
