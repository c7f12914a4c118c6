// What must not leave does not: the table of tests/masks.json through this binding, and which traces a sample has.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Logger, LogClient } from '../index.mjs';
import { ROOT, scratch, startServer } from './support.mjs';

/** A text as it may stand in JSON, in JSON in a JSON string, and so on. */
function escaped(text) {
  const forms = [text];
  for (let times = 0; times < 3; times++) forms.push(JSON.stringify(forms.at(-1)).slice(1, -1));
  return forms;
}

async function staged(work) {
  const place = scratch();
  const record = join(place.path, 'record');
  const server = await startServer(['--record', record]);
  const both = { apiKey: 'key', spoolDir: join(place.path, 'spool'), raiseExceptions: true };
  try {
    const left = () => (existsSync(record) ? readFileSync(record, 'utf8') : '');
    const options = { ...both, baseUrl: server.url, repositoryId: 'repo-1' };
    await work(options, left, { ...both, endpoint: server.url, source: 'svc' });
  } finally {
    server.stop();
    await place.remove();
  }
}

test('no secret of the table leaves', async () => {
  const { rules, texts } = JSON.parse(readFileSync(join(ROOT, 'tests/masks.json'), 'utf8'));
  assert.equal(texts.length, 60);
  await staged(async (options, left, clientOptions) => {
    const logger = new Logger({ ...options, masks: rules });
    const client = new LogClient({ ...clientOptions, masks: rules });
    for (const { text } of texts) {
      const data = { plain: text, [text]: [text, { deep: text }] };
      const tags = { [text]: text };
      const session = logger.session({ name: text, tags });
      session.addFeedback({ score: 1, comment: text });
      session.addEvent('event-1', text, tags, data);
      const trace = session.addTrace({ name: text, input: text, tags });
      trace.addTag(text, text);
      trace.setInput(text);
      trace.setOutput(text);
      trace.addMetadata(data);
      trace.addError({ message: text, name: text, code: text, type: text, tags, metadata: data });
      trace.addAttachment({ type: 'url', url: text, name: text, tags, metadata: data });
      const span = trace.addSpan({ name: text, tags });
      span.setInput(text);
      const messages = [{ role: 'user', content: text }];
      const generation = span.addGeneration({ name: text, model: text, messages, modelParameters: { system: text }, tags });
      generation.addMessage(messages[0]);
      generation.result({ mine: text }, { force: true });
      generation.error({ message: text });
      const retrieval = trace.addRetrieval({ name: text, tags });
      retrieval.setInput(text);
      retrieval.setOutput([text]);
      const tool = trace.addToolCall({ name: text, description: text, args: text, tags });
      tool.result(text);
      trace.end();
      client.info(text, data);
      client.error(text, new Error(text));
    }
    await logger.close();
    await client.close();
    const found = left();
    assert.ok(found.includes('[email]') && found.includes('[customer]'));
    for (const { secrets } of texts) {
      for (const form of secrets.flatMap(escaped)) assert.ok(!found.includes(form), form);
    }
  });
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
