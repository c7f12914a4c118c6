// What a TypeScript program writes; compiled with `tsc --strict`, never run.

import maxim, { Logger, LogClient, Maxim, MaximError, type Attachment, type Span, type Stats } from '../../index.mjs';
import pinoStream, { maximStream } from '../../adapters/pino.js';
import { MaximTransport } from '../../adapters/winston.js';

const logger = new Logger({ apiKey: 'k', id: 'r', onError: (error: MaximError) => console.error(error.code) });
const trace = logger.session({ name: 's' }).trace({ id: 't', startTimestamp: new Date() });
trace.input('in').output({ any: 'thing' }).setInput(1n);
trace.event('id', 'name', { tag: 'x' });
trace.event('name', { tag: 1 });
trace.evaluate.withEvaluators('a', ['b']).withVariables({ x: 'y' });
const id: string = trace.error(new Error('x')).id;
trace.span().generation({ model: 'm', messages: [{ role: 'user', content: 'x' }] }).result({});
const answer: Promise<number> = logger.withTrace({ name: 'x' }, async (current) => current.id.length);
const text: string = logger.withSpan((span: Span) => span.id);
const stats: Stats | undefined = logger.stats();
logger.traceEvent(id, 'name', { a: 'b' });
const file: Attachment = { type: 'file', path: 'report.pdf', tags: { a: 1 }, timestamp: new Date() };
const attached: string | undefined = trace.addAttachment(file);
logger.generationAddAttachment(id, { type: 'fileData', data: new Uint8Array(), mimeType: 'audio/wav' });
logger.retrievalAddAttachment(id, { type: 'url', url: 'https://example.com', size: 10 });
await logger.flushAttachments(1000);
await logger.flush(1000);
await (await new Maxim({ apiKey: 'k' }).logger({ id: 'r' })).cleanup();
await logger[Symbol.asyncDispose]();

const log = new LogClient({ source: 's', environment: 'production', minLevel: 'warn' });
log.error('failed', new Error('x'), { tags: ['a'] });
log.flow('checkout').info('step', { a: 1 });
await log.ingestRaw(new Uint8Array(), 'csv', { level: 'info' });
pinoStream({ source: 's', environment: 'staging' });
maximStream({ client: log });
new MaximTransport({ client: log });
maxim.version.at(0);

// What programs have: errors that were caught, objects of an interface, members that may be undefined.
interface Order {
  order: number;
  note?: string;
}
const order: Order = { order: 7 };
const maybe = process.env.MAXIM_API_KEY;
new Logger({ apiKey: maybe, repositoryId: maybe, onError: maybe ? console.error : undefined });
try {
  logger.trace({ sessionId: maybe, tags: order }).addMetadata(order);
} catch (caught) {
  trace.error(caught);
  trace.span().generation({ modelParameters: order, startTimestamp: undefined }).error(caught);
  trace.toolCall().error(caught);
  logger.traceError(id, caught);
  log.error(caught, order);
  log.error('failed', caught, { order: 7, tags: ['a'] });
  log.log({ message: 'failed', error: caught, data: order, userId: maybe });
}
trace.commit('update', order);
trace.addFeedback({ score: 1, ...order });

// @ts-expect-error a metric is a number
trace.addMetric('m', 'x');
// @ts-expect-error a URL has no path
trace.addAttachment({ type: 'url', path: 'report.pdf' });
// @ts-expect-error a tool call has no attachments
trace.toolCall().addAttachment(file);
// @ts-expect-error entities are made by loggers
new maxim.Trace();
// @ts-expect-error no such level
new LogClient({ source: 's', environment: 'production', minLevel: 'loud' });
// @ts-expect-error no such option
new Logger({ apikey: 'k' });

void [answer, text, stats, attached];
