// A shop's own logs with libmaxim: entries, a flow of numbered steps, an error, raw documents. The same as
// examples/c/app_logs.c.
//
//     make lib server && make -C bindings/node && node examples/node/app_logs.mjs
//
// Without configuration it talks to a local maxim-dev. Set MAXIM_LOG_ENDPOINT and MAXIM_LOG_API_KEY to log to
// your own service. In a program of your own: import … from 'libmaxim'.

import { LogClient } from '../../bindings/node/index.mjs';

const { env } = process;
const log = new LogClient({
  source: 'shop',
  environment: 'production',
  endpoint: env.MAXIM_LOG_ENDPOINT ?? env.MAXIM_BASE_URL ?? 'http://127.0.0.1:8899',
  apiKey: env.MAXIM_LOG_API_KEY ?? 'local-development',
  version: '1.4.0',
  minLevel: 'info',
  onError: (error) => console.error(`${error.code}: ${error.message}`),
});

log.setUserId('ada');
log.setSessionId('web-7f3a');
log.info('signed in', { method: 'passkey' });

const flow = log.flow('checkout');
flow.info('cart opened', { items: 3, total: 59.9 });
flow.warn('card declined once', { attempt: 1 }, { tags: ['payment', 'retry'] });
// Below the client's level: not logged, and takes no step index.
flow.debug('gateway payload', { bytes: 512 });
flow.info('order placed', { order: 'A-1001' });

class ConnectionError extends Error {
  name = 'ConnectionError';
}
try {
  throw new ConnectionError('mail server closed the connection');
} catch (error) {
  log.error('receipt not sent', error);
}

const warehouse = { source: 'warehouse', environment: 'production' };
// Waits for the answer …
await log.ingestRaw('level,message\ninfo,warehouse picked A-1001\nwarn,stock below 5\n', 'csv', warehouse);
// … or goes the way of all entries.
const parcels = ['label printed', 'parcel handed over'].map((message) => JSON.stringify({ level: 'info', message }));
log.ingestRawAsync(`${parcels.join('\n')}\n`, 'jsonl', warehouse);

// Sends what is held; whatever cannot be sent now waits in files for the next run.
await log.flush(5000);
const { accepted, delivered, held } = log.stats();
console.log(`logged ${accepted} records, delivered ${delivered}, held ${held}`);
await log.close();
