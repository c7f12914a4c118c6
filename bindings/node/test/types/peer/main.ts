// A logger of this package goes wherever one of the public SDK goes: compiled with the SDK's own types, never run.

import type { Maxim as TheirMaxim, MaximLogger as Theirs } from '@maximai/maxim-js';
import { Logger, Maxim } from '../../../index.js';

/**
 * What can be seen of a type from outside. The SDK's classes have private members, so that TypeScript takes nothing but
 * their own instances for them; a program that passes our logger says `as unknown as MaximLogger`, and this is why it may.
 * Left out is `data()`, by which the SDK's own writer reads what an object holds: ours hold an id.
 */
type Public<T, Depth extends unknown[] = []> = Depth['length'] extends 6
  ? unknown
  : T extends (...values: infer Values) => infer Result
    ? (...values: Values) => Public<Result, [...Depth, unknown]>
    : T extends Promise<infer Value>
      ? Promise<Public<Value, [...Depth, unknown]>>
      : T extends object
        ? { [Name in keyof T as Name extends 'data' ? never : Name]: Public<T[Name], [...Depth, unknown]> }
        : T;

const logger: Public<Theirs> = new Logger({ id: 'r' });
const maxim: Pick<Public<TheirMaxim>, 'logger' | 'cleanup'> = new Maxim({ apiKey: 'k' });

const error = logger.trace({ id: 't', name: 'n', endTimestamp: new Date() }).error({ id: 'e', message: 'm' });
error.addTag('key', 'value');
error.addMetadata({ any: 'thing' });
logger.traceRetrieval('t', { id: 'r', endTimestamp: new Date() }).end(new Date());
logger.traceToolCall('t', { id: 'c', name: 'n', description: 'd', args: '{}', endTimestamp: new Date() });
void maxim;
