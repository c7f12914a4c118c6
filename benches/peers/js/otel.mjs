// @opentelemetry/sdk-trace-node with OTLP over HTTP, default settings of its batch processor. A tag of its own is
// no record in OpenTelemetry, so there is no row for it; a span is started, gets its attributes and ends.
import { createRequire } from 'node:module';
import { completion, latency, throughput, url, what } from './measure.mjs';

const require = createRequire(process.env.PEERS);
const { context, trace, TraceFlags } = require('@opentelemetry/api');
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');

const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
const tracer = provider.getTracer('bench');
const parent = { traceId: '07'.repeat(16), spanId: '07'.repeat(8), traceFlags: TraceFlags.SAMPLED, isRemote: true };
const within = trace.setSpanContext(context.active(), parent);
const text = JSON.stringify(completion);

function span(name, attributes) {
  tracer.startSpan(name, { attributes }, within).end();
}

if (what === 'throughput') {
  await throughput('spans', (i) => span('mark', { mark: `seq-w-${i}` }), () => provider.shutdown());
} else {
  await latency('empty', () => {});
  await latency('span', () => span('agent step', { step: '1', agent: 'weather' }));
  await latency('result', () => span('generation', { result: text }));
  await provider.shutdown();
}
process.exit(0);
