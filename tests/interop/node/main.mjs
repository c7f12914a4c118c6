// A service that OpenTelemetry's own SDK instruments and that logs its agent by this library: one trace of both.

import { createRequire } from 'node:module';
import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const { Logger } = createRequire(import.meta.url)('../../../bindings/node');

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
const resource = defaultResource().merge(detectResources({ detectors: [envDetector] }));
const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
trace.setGlobalTracerProvider(provider);
const tracer = trace.getTracer('interop');
const logger = new Logger({ protocol: 'otlp', raiseExceptions: true });

await tracer.startActiveSpan('GET /ask', { kind: SpanKind.SERVER }, async (request) => {
  await Promise.resolve();
  // Below the span that is current.
  const answer = logger.traceFrom(undefined, { name: 'answer' });
  const generation = answer.addGeneration({ provider: 'openai', model: 'gpt-4o' });
  // What the SDK records of the call goes below the generation.
  const there = propagation.extract(ROOT_CONTEXT, { traceparent: logger.traceparent(answer, generation) });
  tracer.startSpan('POST /v1/chat', { kind: SpanKind.CLIENT }, there).end();
  generation.result({ choices: [{ message: { role: 'assistant', content: 'Hello' } }], usage: { prompt_tokens: 8, completion_tokens: 2 } });
  answer.end();
  request.end();
});

await logger.close(20000);
await provider.shutdown();
