// @maximai/maxim-js in its default settings.
import { createRequire } from 'node:module';
import { completion, latency, throughput, url, what } from './measure.mjs';

const { Maxim } = createRequire(process.env.PEERS)('@maximai/maxim-js');
const maxim = new Maxim({ apiKey: 'bench-key', baseUrl: url });
const logger = await maxim.logger({ id: 'bench' });
const trace = '3f0c9d52-7a41-4c57-9be1-08a6d1f2c3e4';
const tags = { step: '1', agent: 'weather' };
if (what === 'throughput') {
  await throughput('tags', (i) => logger.traceTag(trace, 'mark', `seq-w-${i}`), () => maxim.cleanup());
} else {
  await latency('empty', () => {});
  await latency('tag', () => logger.traceTag(trace, 'user', 'ada'));
  await latency('span', (i) => logger.traceSpan(trace, { id: `span-${i}`, name: 'agent step', tags }));
  await latency('result', () => logger.generationResult(trace, completion));
  await maxim.cleanup();
}
process.exit(0);
