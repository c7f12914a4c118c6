// An application's own logs: entries, an error, a flow of numbered steps, and a raw document.
//
//     make lib server && make -C bindings/node && node examples/node/logs.mjs
//
// Without configuration it talks to a local maxim-dev.

import { LogClient } from '../../bindings/node/index.mjs';

const log = new LogClient({
  endpoint: process.env.MAXIM_BASE_URL ?? 'http://127.0.0.1:8899',
  apiKey: process.env.MAXIM_API_KEY ?? 'local-development',
  source: 'umbrella-shop',
  environment: 'development',
  version: '1.4.0',
  userId: 'ada',
  onError: (error) => console.error(`${error.code}: ${error.message}`),
});

log.info('shop opened', { shelves: 12 }, { tags: ['startup'] });
try {
  JSON.parse('{"umbrellas": ');
} catch (error) {
  log.error('the stock file does not parse', error);
}

const checkout = log.flow('checkout');
checkout.info('cart', { items: 2 });
checkout.warn('card declined', { attempt: 1 });
checkout.info('paid', { attempt: 2 });

await log.ingestRaw('level,message\ninfo,umbrella sold\n', 'csv', { source: 'till' });

// Sends what is held; whatever cannot be sent now waits in files for the next run.
await log.flush(5000);
const { accepted, delivered, held } = log.stats();
console.log(`logged ${accepted} entries, delivered ${delivered}, held ${held}; flow ${checkout.id}`);
await log.close();
