import TransportStream = require('winston-transport');
import { LogClient, LogClientOptions } from '../index.js';

/** A winston transport. */
declare class MaximTransport extends TransportStream {
  constructor(options: (LogClientOptions | { client: LogClient }) & TransportStream.TransportStreamOptions);
}
declare namespace MaximTransport {
  export { MaximTransport as default, MaximTransport };
}
export = MaximTransport;
