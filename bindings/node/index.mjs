// The package for `import`: the same objects as for `require`, so that there is one of each in a process.

import maxim from './index.js';

export const {
  Logger,
  Maxim,
  MaximLogger,
  MaximError,
  Session,
  Trace,
  Span,
  Generation,
  Retrieval,
  ToolCall,
  LogClient,
  Flow,
  normaliseResult,
  version,
  isRunningOnLambda,
} = maxim;

export default maxim;
