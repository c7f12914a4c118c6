// The types for `import`: those of index.d.ts.

import * as maxim from './index.js';

export * from './index.js';
export default maxim;
