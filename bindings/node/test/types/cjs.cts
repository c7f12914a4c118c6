// The same package from a CommonJS program.

import maxim = require('../../index.js');

const logger = new maxim.Logger({ id: 'r' });
const spanId: string = logger.trace().addSpan({ name: 's' }).id;
void spanId;
