// What a log call costs the caller, in nanoseconds: the best of several rounds, because the machine does
// other things too. Each round is short enough for the spool's segments to be ready beforehand.

import { Logger } from '../index.mjs';
import { startServer, scratch } from './support.mjs';

const ROUNDS = 15;
const CALLS = Number(process.env.CALLS ?? 20_000);

const server = await startServer(['--mode', 'count']);
const directory = scratch();
const logger = new Logger({ baseUrl: server.url, apiKey: 'bench', id: 'bench', spoolDir: directory.path });
const trace = logger.trace({ name: 'bench' });
const messages = [{ role: 'user', content: 'Do I need an umbrella in Oslo today?' }];

async function measure(name, call) {
  const costs = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < CALLS; i++) call();
    costs.push(Number(process.hrtime.bigint() - start) / CALLS);
    await logger.flush();
  }
  costs.sort((a, b) => a - b);
  console.log(`${name}: ${costs[0].toFixed(0)} ns (median ${costs[ROUNDS >> 1].toFixed(0)} ns)`);
}

await measure('node trace.addTag', () => trace.addTag('key', 'value'));
await measure('node trace.addMetric', () => trace.addMetric('score', 0.5));
await measure('node trace.addEvent', () => trace.addEvent('event', { a: 'b' }));
await measure('node trace.addSpan', () => trace.addSpan({ name: 'span' }));
await measure('node trace.addGeneration', () => trace.addGeneration({ provider: 'openai', model: 'gpt-4o', messages }));

await logger.close();
await directory.remove();
server.stop();
