// An older project: what TypeScript makes of the types without newer libraries.

import { Logger, LogClient, MaximError } from '../../../index.js';

async function main(): Promise<void> {
  const logger = new Logger({ repositoryId: 'r', apiKey: 'k', onError: (error: MaximError) => error.code });
  const trace = logger.trace({ name: 't' });
  trace.addError(new Error('e'));
  trace.end();
  const log = new LogClient({ source: 's', environment: 'production' });
  log.error('failed', new Error('e'));
  const left: number = await log.close();
  await logger.close(left);
}

void main();
