// The public types of libmaxim for Node: one file, however long, as the package has one declaration beside its one entry.

import type { EntityKind, Environment, Level, OtlpEncoding, OverflowPolicy, Protocol, RawFormat } from './lib/constants.js';

export type { EntityKind, Environment, Level, OtlpEncoding, OverflowPolicy, Protocol, RawFormat };

/** Anything that can be written as JSON; BigInt, Date, Error, Map and Set are written too. */
export type Value = unknown;
/** Names and values, of whatever type the program gives them: an interface's too. */
export type Members = Record<string, any>;
export type Tags = Members;
/** Bytes; a string is UTF-8. */
export type Bytes = string | ArrayBufferView | ArrayBufferLike;
/** A Date, or milliseconds since 1970; fractions are microseconds. */
export type Time = Date | number;

/** A refused call, or something that went wrong later. */
export class MaximError extends Error {
  constructor(code: string, message: string, options?: { cause?: unknown });
  readonly name: 'MaximError';
  /** The name of the C library's status: `MAXIM_ERR_INVALID_ID`, … */
  readonly code: string;
  /** How many records it concerns, where it concerns records. */
  records?: number;
}

export interface Hooks {
  /** Gets refused calls and what goes wrong later. Without it they are warnings of the process, each kind once. */
  onError?: ((error: MaximError) => void) | undefined;
  /** Gets debug output, a line at a time. */
  onDebug?: ((line: string) => void) | undefined;
  /** Whether refused log calls throw. Off: the program continues, `onError` is called. */
  raiseExceptions?: boolean | undefined;
  /**
   * Whether a value that cannot be sent as it is (too long, not text, no JSON) is changed rather than its record
   * refused. On unless set to false.
   */
  lossy?: boolean | undefined;
}

export interface DeliveryOptions extends Hooks {
  apiKey?: string | undefined;
  /** Maximum time that a record waits to be batched, in milliseconds. */
  flushIntervalMs?: number | undefined;
  isDebug?: boolean | undefined;
  spoolDir?: string | undefined;
  /** Whether a `spoolDir` that cannot be used is replaced by a default one and reported; an error otherwise. */
  spoolDirFallback?: boolean | undefined;
  maxMemoryBytes?: number | undefined;
  maxDiskBytes?: number | undefined;
  overflowPolicy?: OverflowPolicy | undefined;
  blockTimeoutMs?: number | undefined;
  caFile?: string | undefined;
  proxy?: string | undefined;
  allowPlaintext?: boolean | undefined;
  /** Nothing is done at all; also with MAXIM_DISABLED=1. */
  disabled?: boolean | undefined;
  /** Whether inputs, outputs, messages, documents and attachments are sent; default: MAXIM_CAPTURE_CONTENT, else true. */
  captureContent?: boolean | undefined;
  /** What is masked before a record is kept or sent: see docs/what-leaves.md. */
  masks?: MaskRule[] | undefined;
  /**
   * Asked, inside each log call, for every text that is about to leave, after `masks`: what takes its place, or undefined
   * to leave it. `field` is where the text is (`messages.content`). A mask that throws, gives anything else (a promise) or
   * takes longer than `maskBudgetUs` for one record has the text dropped, not the record.
   */
  onMask?: ((entity: MaskedEntity, field: string, text: string) => string | undefined) | undefined;
  /** How long `onMask` may take for one record, in microseconds; 10,000 unless given. */
  maskBudgetUs?: number | undefined;
  /** Longer texts are cut to so many bytes, and marked. */
  maxFieldBytes?: number | undefined;
  /** Records that could not be sent for so long are given up; default: 72 hours. */
  maxAgeMs?: number | undefined;
  /** Files in quarantine are removed after so long; default: they stay. */
  quarantineMaxAgeMs?: number | undefined;
  /** Whether no file is made; records are lost with the process. */
  memoryOnly?: boolean | undefined;
  /** 'otlp' speaks OpenTelemetry's protocol over HTTP; docs/otlp.md explains it and what follows. */
  protocol?: Protocol | undefined;
  otlpUrl?: string | undefined;
  otlpHeaders?: string | Record<string, string> | undefined;
  otlpEncoding?: OtlpEncoding | undefined;
  otlpCompression?: boolean | undefined;
  serviceName?: string | undefined;
  resourceAttributes?: string | Record<string, string> | undefined;
  incompleteAfterMs?: number | undefined;
}

/** What a text belongs to; `log_entry` for what a LogClient logs. */
export type MaskedEntity = EntityKind | 'log_entry';

/** One of `preset`, `key` and `regex`. */
export interface MaskRule {
  preset?: 'email' | 'card' | 'api_key' | 'phone' | 'ip' | undefined;
  /** The name of members whose value is masked. */
  key?: string | undefined;
  /** In the library's syntax: without look-around and back-references. */
  regex?: string | undefined;
  /** What takes the place. */
  replace?: string | undefined;
  /** For messages about the rule. */
  name?: string | undefined;
}

export interface LoggerOptions extends DeliveryOptions {
  /** The log repository; default: MAXIM_LOG_REPO_ID. */
  repositoryId?: string | undefined;
  /** The public SDK's name of `repositoryId`. */
  id?: string | undefined;
  /** Default: MAXIM_BASE_URL, else the public service. */
  baseUrl?: string | undefined;
  autoFlush?: boolean | undefined;
  /** The public SDK's form of `flushIntervalMs`. */
  flushIntervalSeconds?: number | undefined;
  /** The public SDK's name of `isDebug`. */
  debug?: boolean | undefined;
  maxAttachmentBytes?: number | undefined;
  /** Whether images and audio in messages become attachments; default: true. */
  extractMedia?: boolean | undefined;
  /** The share of traces that is sent, chosen by id; errors and feedback always are. Default: MAXIM_SAMPLE_RATE, else 1. */
  sampleRate?: number | undefined;
}

export interface Stats {
  accepted: number;
  delivered: number;
  held: number;
  droppedMemory: number;
  droppedDisk: number;
  droppedExpired: number;
  droppedCorrupt: number;
  quarantined: number;
  ignored: number;
  refused: number;
  retries: number;
  bytesDelivered: number;
  bytesHeld: number;
  adopted: number;
  oldestHeldMs: number;
  lastHttpStatus: number;
  /** Records of traces that are not in the sample. */
  sampledOut: number;
  /** Records deleted by `purge`. */
  purged: number;
  /** Texts that were dropped because a mask failed. */
  masksFailed: number;
  /** Calls that were refused for an argument. */
  refusedInvalid: number;
  /** Calls that were refused for a record or attachment above its limit. */
  refusedTooLarge: number;
  /** Calls that were refused because the logger or client had been closed. */
  refusedClosed: number;
  /** Calls that were refused for another reason; those for want of space are `refused`. */
  refusedOther: number;
  /** Results whose shape was not known, sent as they are. */
  resultsUnrecognised: number;
}

export interface EntityConfig {
  /** 1 to 256 characters of A-Z a-z 0-9 _ -; generated when absent. */
  id?: string | undefined;
  name?: string | undefined;
  tags?: Tags | undefined;
  startTimestamp?: Time | undefined;
  endTimestamp?: Time | undefined;
}
export type SessionConfig = EntityConfig;
export type SpanConfig = EntityConfig;
export type RetrievalConfig = EntityConfig;
export interface TraceConfig extends EntityConfig {
  sessionId?: string | undefined;
  input?: Value | undefined;
}
export interface GenerationConfig extends EntityConfig {
  provider?: string | undefined;
  model?: string | undefined;
  messages?: readonly Value[] | undefined;
  modelParameters?: Members | undefined;
  spanId?: string | undefined;
  maximPromptId?: string | undefined;
  maximPromptVersionId?: string | undefined;
}
export interface ToolCallConfig extends EntityConfig {
  description?: string | undefined;
  args?: Value | undefined;
}
export interface ErrorConfig {
  id?: string | undefined;
  name?: string | undefined;
  message?: string | undefined;
  code?: string | undefined;
  type?: string | undefined;
  tags?: Tags | undefined;
  metadata?: Members | undefined;
}
interface AttachmentMembers {
  /** Generated when absent. */
  id?: string | undefined;
  name?: string | undefined;
  /** Used where the content does not tell. */
  mimeType?: string | undefined;
  /** The public SDK has it; here the bytes that are sent are counted, whatever this says. */
  size?: number | undefined;
  tags?: Tags | undefined;
  metadata?: Members | undefined;
  /** When it was made. */
  timestamp?: Time | undefined;
}
/** A file: read when it is uploaded, and to be left as it is until then. */
export interface FileAttachment extends AttachmentMembers {
  type: 'file';
  path: string;
}
/** Bytes, copied during the call. */
export interface FileDataAttachment extends AttachmentMembers {
  type: 'fileData';
  data: Bytes;
}
/** A URL, which is logged and not fetched. */
export interface UrlAttachment extends AttachmentMembers {
  type: 'url';
  url: string;
}
export type Attachment = FileAttachment | FileDataAttachment | UrlAttachment;
export interface Feedback {
  score: number;
  comment?: string | undefined;
  [member: string]: any;
}
export interface Cost {
  input: number;
  output: number;
  total: number;
}

/** What becomes of a result whose shape is not known. */
export interface ResultOptions {
  /** It is sent as it is, and nothing is said. */
  force?: boolean | undefined;
  /** It is refused, and so is a provider's error; the generation does not end. */
  strict?: boolean | undefined;
}

export interface Evaluation {
  withEvaluators(...evaluators: (string | readonly string[])[]): { withVariables(variables: Members): void };
  withVariables(variables: Members, evaluators: readonly string[]): void;
}

declare abstract class Entity {
  get id(): string;
  addTag(key: string, value: Value): void;
  addMetadata(metadata: Members): void;
  /** Ends it now, or at the given time. */
  end(endTimestamp?: Time): void;
  /** Sends any action on this entity. */
  commit(action: string, data?: Members): void;
}
interface Evaluated {
  get evaluate(): Evaluation;
}
interface Measured {
  addMetric(name: string, value: number): void;
}
interface Timed {
  setStartTimestamp(time: Time): void;
  setEndTimestamp(time: Time): void;
}
interface Eventful {
  /** Gives the event's id. */
  addEvent(id: string, name: string, tags?: Tags, metadata?: Members): string | undefined;
  addEvent(name: string, tags?: Tags, metadata?: Members): string | undefined;
  event(id: string, name: string, tags?: Tags, metadata?: Members): string | undefined;
  event(name: string, tags?: Tags, metadata?: Members): string | undefined;
}
interface Rated {
  addFeedback(feedback: Feedback): void;
  feedback(feedback: Feedback): void;
}
interface Attached {
  /** Uploads a file or bytes, or logs a URL, in the background; gives the attachment's id, or undefined when refused. */
  addAttachment(attachment: Attachment): string | undefined;
}
/** What traces and spans can hold. */
interface Parent {
  addSpan(config?: SpanConfig): Span;
  span(config?: SpanConfig): Span;
  addGeneration(config?: GenerationConfig): Generation;
  generation(config?: GenerationConfig): Generation;
  addRetrieval(config?: RetrievalConfig): Retrieval;
  retrieval(config?: RetrievalConfig): Retrieval;
  addToolCall(config?: ToolCallConfig): ToolCall;
  toolCall(config?: ToolCallConfig): ToolCall;
  addError(error: unknown): LoggedError;
  error(error: unknown): LoggedError;
  setInput(input: Value): this;
  input(input: Value): this;
}

/** An error that was logged. */
export class LoggedError extends Entity {
  private constructor();
}

export class Session extends Entity {
  private constructor();
  addTrace(config?: TraceConfig): Trace;
  trace(config?: TraceConfig): Trace;
}
export interface Session extends Evaluated, Measured, Timed, Eventful, Rated, Attached {}

export class Trace extends Entity {
  private constructor();
  setOutput(output: Value): this;
  output(output: Value): this;
  addToSession(sessionId: string): void;
}
export interface Trace extends Evaluated, Measured, Timed, Eventful, Rated, Attached, Parent {}

export class Span extends Entity {
  private constructor();
  addSubSpan(config?: SpanConfig): Span;
}
export interface Span extends Evaluated, Measured, Timed, Eventful, Attached, Parent {}

export class Generation extends Entity {
  private constructor();
  setModel(model: string): void;
  setProvider(provider: string): void;
  setName(name: string): void;
  setModelParameters(parameters: Members): void;
  addMessage(message: Value): void;
  /** Adds each; a text alone is one message of the user's, and an object alone is one too. */
  addMessages(messages: Iterable<Value> | object): void;
  /** Logs a provider's result and ends the generation; one whose shape is not known is sent as it is, and reported. */
  result(result: Value, options?: ResultOptions): void;
  /** Ends the generation with an error. */
  error(error: unknown): void;
  /** Input, output and total, or the total alone where the parts are not known. */
  addCost(cost: Cost | { total: number }): void;
  setMaximPromptId(id: string): void;
  setMaximPromptVersionId(id: string): void;
}
export interface Generation extends Evaluated, Measured, Timed, Eventful, Attached {}

export class Retrieval extends Entity {
  private constructor();
  setInput(query: Value): void;
  input(query: Value): void;
  /** Logs one document or many, and ends the retrieval. */
  setOutput(documents: Value): void;
  output(documents: Value): void;
}
export interface Retrieval extends Evaluated, Measured, Timed, Attached {}

export class ToolCall extends Entity {
  private constructor();
  update(data: Members): void;
  /** Logs the result and ends the tool call. */
  result(result: Value): void;
  /** Ends the tool call with an error. */
  error(error: unknown): void;
}
export interface ToolCall extends Measured, Timed {}

export class Logger {
  /** Throws MaximError when it cannot be made; log calls don't, unless `raiseExceptions` is set. */
  constructor(options?: LoggerOptions);
  /** The log repository's id. */
  get id(): string;
  session(config?: SessionConfig): Session;
  trace(config?: TraceConfig): Trace;
  /**
   * Below another service's span, which the header traceparent (W3C Trace Context) names, or below the span that
   * OpenTelemetry's SDK has current; where there is neither, a trace of its own.
   */
  traceFrom(traceparent?: string, config?: TraceConfig): Trace;
  /** The header traceparent for a request that is made from the trace, or from one of its entities. */
  traceparent(trace: Trace, entity?: Trace | Span | Generation | Retrieval | ToolCall): string | undefined;

  /** To go on with something that exists, here or elsewhere; nothing is logged by that. */
  resumeSession(id: string): Session;
  resumeTrace(id: string): Trace;
  resumeSpan(id: string): Span;
  resumeGeneration(id: string): Generation;
  resumeRetrieval(id: string): Retrieval;
  resumeToolCall(id: string): ToolCall;

  /** The session, trace or span of the innermost `with…` that the caller runs in. */
  get current(): Session | Trace | Span | undefined;
  /** Runs `work`; what is started in it, also after an await, belongs to the session. Gives what `work` gives. */
  withSession<T>(work: (session: Session) => T): T;
  withSession<T>(config: SessionConfig, work: (session: Session) => T): T;
  /** Runs `work` and ends the trace after it. What it throws is logged and thrown on. */
  withTrace<T>(work: (trace: Trace) => T): T;
  withTrace<T>(config: TraceConfig, work: (trace: Trace) => T): T;
  /** The same with a span of the current trace or span. */
  withSpan<T>(work: (span: Span) => T): T;
  withSpan<T>(config: SpanConfig, work: (span: Span) => T): T;

  /** Sends one line of the caller's making. */
  commit(entity: EntityKind, id: string, action: string, data?: Members): void;
  /** Sends every record from now on to a further repository or endpoint too; gives the sink's number. */
  addSink(options: LoggerOptions): number | undefined;
  /** What became of the records of the logger, or of one of its sinks; undefined once it is closed. */
  stats(sink?: number): Stats | undefined;
  /** The directory for records that cannot be sent yet; undefined when they are kept in memory only. */
  get spoolDir(): string | undefined;
  get canAccessFilesystem(): boolean;

  /** Sends everything within the time (default: 30 s) and gives how many records are still held. Never rejects. */
  flush(timeoutMs?: number): Promise<number>;
  /** As the public SDK has it. */
  flush(): Promise<void>;
  /** The same; rejects with a MaximError (MAXIM_ERR_TIMEOUT, say) when something is still held. */
  flushOrThrow(timeoutMs?: number): Promise<void>;
  /** The same, blocking the thread: for `process.on('exit', …)`. */
  flushSync(timeoutMs?: number): void;
  /** Asks whether the log repository exists and the API key is accepted; rejects with a MaximError when not. */
  check(timeoutMs?: number): Promise<void>;
  flushCommitLogs(timeoutMs?: number): Promise<void>;
  flushAttachments(timeoutMs?: number): Promise<void>;
  flushLogFiles(timeoutMs?: number): Promise<void>;
  writeToFile(timeoutMs?: number): Promise<void>;
  /**
   * Deletes everything that is held and not delivered, with what earlier loggers left behind and what is in quarantine;
   * rejects with a MaximError when something could not be removed.
   */
  purge(): Promise<void>;
  /** Sends what is held, ends, and gives how many records are left for the next logger. Never rejects. */
  close(timeoutMs?: number): Promise<number>;
  /** The same; rejects with a MaximError when something is left. */
  closeOrThrow(timeoutMs?: number): Promise<void>;
  /** The public SDK's name of `close`. */
  cleanup(timeoutMs?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;

  // The public SDK's methods that take an id.
  sessionTag(id: string, key: string, value: Value): void;
  sessionFeedback(id: string, feedback: Feedback): void;
  sessionAddMetric(id: string, name: string, value: number): void;
  sessionTrace(id: string, config?: TraceConfig): Trace;
  sessionEvent(id: string, eventId: string, name: string, tags?: Tags, metadata?: Members): string | undefined;
  sessionEvent(id: string, name: string, tags?: Tags, metadata?: Members): string | undefined;
  sessionMetadata(id: string, metadata: Members): void;
  sessionAddAttachment(id: string, attachment: Attachment): string | undefined;
  sessionEvaluate(id: string): Evaluation;
  sessionEnd(id: string, data?: Members): void;
  traceGeneration(id: string, config?: GenerationConfig): Generation;
  traceToolCall(id: string, config?: ToolCallConfig): ToolCall;
  traceRetrieval(id: string, config?: RetrievalConfig): Retrieval;
  traceSpan(id: string, config?: SpanConfig): Span;
  traceError(id: string, error: unknown): LoggedError;
  traceInput(id: string, input: Value): void;
  traceOutput(id: string, output: Value): void;
  traceAddToSession(id: string, sessionId: string): void;
  traceAddMetric(id: string, name: string, value: number): void;
  traceTag(id: string, key: string, value: Value): void;
  traceEvent(id: string, eventId: string, name: string, tags?: Tags, metadata?: Members): string | undefined;
  traceEvent(id: string, name: string, tags?: Tags, metadata?: Members): string | undefined;
  traceFeedback(id: string, feedback: Feedback): void;
  traceMetadata(id: string, metadata: Members): void;
  traceAddAttachment(id: string, attachment: Attachment): string | undefined;
  traceEvaluate(id: string): Evaluation;
  traceEnd(id: string, data?: Members): void;
  generationSetModel(id: string, model: string): void;
  generationSetName(id: string, name: string): void;
  generationAddTag(id: string, key: string, value: Value): void;
  generationAddMessage(id: string, messages: Iterable<Value>): void;
  generationSetModelParameters(id: string, parameters: Members): void;
  generationAddMetric(id: string, name: string, value: number): void;
  generationResult(id: string, result: Value): void;
  generationError(id: string, error: unknown): void;
  generationMetadata(id: string, metadata: Members): void;
  generationAddAttachment(id: string, attachment: Attachment): string | undefined;
  generationEvaluate(id: string): Evaluation;
  generationEnd(id: string, data?: Members): void;
  spanGeneration(id: string, config?: GenerationConfig): Generation;
  spanRetrieval(id: string, config?: RetrievalConfig): Retrieval;
  spanToolCall(id: string, config?: ToolCallConfig): ToolCall;
  spanSpan(id: string, config?: SpanConfig): Span;
  spanTag(id: string, key: string, value: Value): void;
  spanError(id: string, error: unknown): LoggedError;
  spanEvent(id: string, eventId: string, name: string, tags?: Tags, metadata?: Members): string | undefined;
  spanEvent(id: string, name: string, tags?: Tags, metadata?: Members): string | undefined;
  spanMetadata(id: string, metadata: Members): void;
  spanAddAttachment(id: string, attachment: Attachment): string | undefined;
  spanEvaluate(id: string): Evaluation;
  spanEnd(id: string, data?: Members): void;
  retrievalAddTag(id: string, key: string, value: Value): void;
  retrievalInput(id: string, query: Value): void;
  retrievalAddMetric(id: string, name: string, value: number): void;
  retrievalOutput(id: string, documents: Value): void;
  retrievalMetadata(id: string, metadata: Members): void;
  retrievalAddAttachment(id: string, attachment: Attachment): string | undefined;
  retrievalEvaluate(id: string): Evaluation;
  retrievalEnd(id: string, data?: Members): void;
  toolCallResult(id: string, result: Value): void;
  toolCallError(id: string, error: unknown): void;
  toolCallAddTag(id: string, key: string, value: Value): void;
  toolCallMetadata(id: string, metadata: Members): void;
  toolCallEnd(id: string, data?: Members): void;
}
export { Logger as MaximLogger };

/** The public SDK's way to a logger. */
export class Maxim {
  constructor(options?: LoggerOptions);
  /** The logger for a repository; the same one for the same id. */
  logger(config: { id: string; autoFlush?: boolean; flushIntervalSeconds?: number }): Promise<Logger>;
  cleanup(): Promise<void>;
}

export interface LogClientOptions extends DeliveryOptions {
  source: string;
  environment: Environment;
  endpoint?: string | undefined;
  version?: string | undefined;
  dataset?: string | undefined;
  userId?: string | undefined;
  sessionId?: string | undefined;
  batchSize?: number | undefined;
  minLevel?: Level | undefined;
  retry?: { maxRetries?: number | undefined; initialDelayMs?: number | undefined; maxDelayMs?: number | undefined } | undefined;
}

export interface LogOptions {
  tags?: readonly string[] | undefined;
}

export interface LogEntry extends LogOptions {
  /** Other loggers' names (`fatal`, `warning`) and pino's numbers are taken as well; what is none is reported, and `info`. */
  level?: Level | (string & {}) | number | undefined;
  message: string;
  data?: Members | undefined;
  userId?: string | undefined;
  sessionId?: string | undefined;
  requestId?: string | undefined;
  /** Fills `errorName` and `errorStack`. */
  error?: unknown;
  errorName?: string | undefined;
  errorStack?: string | undefined;
  flowId?: string | undefined;
  stepIndex?: number | undefined;
  dataset?: string | undefined;
  timestamp?: Time | undefined;
  ipAddress?: string | undefined;
  country?: string | undefined;
}

export interface RawOptions {
  source?: string | undefined;
  environment?: Environment | undefined;
  level?: Level | undefined;
  dataset?: string | undefined;
}

/** What belongs to an entry: an object, as a rule; another value becomes its member `value`. */
type Data = object | Value | null;

interface Log {
  debug(message: unknown, data?: Data, options?: LogOptions): void;
  info(message: unknown, data?: Data, options?: LogOptions): void;
  warn(message: unknown, data?: Data, options?: LogOptions): void;
  /**
   * `data` is an Error, or what it is for the other levels; an Error alone, in the place of the message, is enough. Data
   * beside an Error: `error(e, data)`, or further members of the options behind it, `error('failed', e, { order: 7 })`.
   */
  error(message: unknown, data?: Data, options?: LogOptions & Members): void;
}

/** The steps of one piece of work, numbered. */
export class Flow {
  private constructor();
  get id(): string;
  get name(): string;
  /** The index of the next step. */
  get stepIndex(): number;
}
export interface Flow extends Log {}

/** The client of the structured log API. */
export class LogClient {
  /** Throws MaximError when it cannot be made; log calls don't, unless `raiseExceptions` is set. */
  constructor(options: LogClientOptions);
  log(entry: LogEntry): void;
  /** Sets the user of the entries from now on; without an argument, clears it. */
  setUserId(userId?: string): void;
  setSessionId(sessionId?: string): void;
  shouldLog(level: Level): boolean;
  /** As `Logger.spoolDir`. */
  get spoolDir(): string | undefined;
  stats(): Stats | undefined;
  /** A flow with an id of this process's making. One that is refused is reported, and so are its entries. */
  flow(name: string): Flow;
  /** A flow with an id from the service. */
  flowRemote(name: string, timeoutMs?: number): Promise<Flow>;
  /** Sends a document in a format that the service parses, and waits for the answer. */
  ingestRaw(body: Bytes, format: RawFormat, options?: RawOptions, timeoutMs?: number): Promise<void>;
  /** The same in the background. */
  ingestRawAsync(body: Bytes, format: RawFormat, options?: RawOptions): void;
  /** Sends everything within the time (default: 30 s) and gives how many records are still held. Never rejects. */
  flush(timeoutMs?: number): Promise<number>;
  /** The same; rejects with a MaximError when something is still held. */
  flushOrThrow(timeoutMs?: number): Promise<void>;
  flushSync(timeoutMs?: number): void;
  /** Deletes everything that is held and not delivered, with what earlier clients left and what is in quarantine. */
  purge(): Promise<void>;
  /** Sends what is held, ends, and gives how many records are left for the next client. Never rejects. */
  close(timeoutMs?: number): Promise<number>;
  /** The same; rejects with a MaximError when something is left. */
  closeOrThrow(timeoutMs?: number): Promise<void>;
  /** The public client's name of `close`. */
  disconnect(timeoutMs?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
export interface LogClient extends Log {}

/** What the log API is sent for a provider's result. Throws MaximError for one whose shape is not known if `strict`. */
export function normaliseResult(result: Value, options?: ResultOptions): Record<string, unknown>;
/** The C library's version. */
export const version: string;
export function isRunningOnLambda(): boolean;
