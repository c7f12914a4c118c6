import { Writable } from 'node:stream';
import { LogClient, LogClientOptions } from '../index.js';

/** A pino destination; as `transport.target` it runs in pino's worker. */
declare function maximStream(options: LogClientOptions | { client: LogClient }): Writable;
declare namespace maximStream {
  export { maximStream as default, maximStream };
}
export = maximStream;
