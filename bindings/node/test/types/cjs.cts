// The same package from a CommonJS program.

import maxim = require('../../index.js');
import pino = require('../../adapters/pino.js');
import MaximTransport = require('../../adapters/winston.js');

const logger = new maxim.Logger({ id: 'r' });
const spanId: string = logger.trace().addSpan({ name: 's' }).id;
void spanId;
const log = new maxim.LogClient({ source: 's', environment: 'production' });
pino.maximStream({ client: log });
pino({ client: log });
new MaximTransport({ client: log });
