'use strict';

// What a logger logs: sessions, traces, spans, generations, retrievals, tool calls and errors. An object
// here is an id and the logger it belongs to; it holds nothing that would have to be freed, and another
// process may go on with the same id. Methods never throw unless the logger raises exceptions.

const builtin = require('./builtin.js');
const { randomUUID } = builtin('node:crypto');
const native = require('./native.js');
const { ATTACHMENTS, ENTITIES, RESULT_FLAGS } = require('./constants.js');
const { MaximError, failure } = require('./error.js');
const {
  bytes,
  comesLater,
  errorMembers,
  fenced,
  isError,
  json,
  microseconds,
  mustBeThere,
  nameText,
  numberOf,
  numeric,
  optionalJson,
  optionalText,
  ownText,
  present,
  readable,
  shown,
  text,
  there,
  timeText,
} = require('./values.js');

// Messages that one call logs, at most: what gives them may have no end.
const MAX_MESSAGES = 10_000;

let send;
let attempt;
let invoke;
let say;
let belongs;
let idOfOwn;

/** The library's functions for one kind of entity, by their names without it: addTag, setEndTimestamp … */
const callsOf = (kind) =>
  Object.fromEntries(
    Object.keys(native)
      .filter((name) => name.startsWith(kind))
      .map((name) => [name[kind.length].toLowerCase() + name.slice(kind.length + 1), native[name]]),
  );

/** The logger and id of an entity, and what all kinds of entities can do. */
class Entity {
  #core;
  #id;

  constructor(core, id) {
    this.#core = core;
    this.#id = idOf(id);
  }

  static {
    // For this module only: the core stays out of reach for everybody else.
    send = (entity, method, a, b) => entity.#core.call(method, entity.#id, a, b);
    attempt = (entity, work) => entity.#core.attempt(work);
    // A text, and what is none as in a configuration.
    say = (entity, method, value, convert = optionalText) => {
      if (typeof value === 'string') send(entity, method, value);
      else attempt(entity, () => invoke(entity, method, convert(value)));
    };
    invoke = (entity, method, ...values) => entity.#core.invoke(method, entity.#id, ...values);
    belongs = (entity) => entity.#core;
    // Asks no code of the caller's, as a Proxy's: undefined of what is no entity.
    idOfOwn = (value) => (typeof value === 'object' && value !== null && #id in value ? value.#id : undefined);
  }

  get id() {
    return this.#id;
  }

  /** Adds a tag; a value that is not a string is sent as its JSON text. */
  addTag(key, value) {
    if (typeof value === 'string' && typeof key === 'string') send(this, this.constructor.calls.addTag, key, value);
    else attempt(this, () => invoke(this, this.constructor.calls.addTag, text(key, 'key'), text(value)));
  }

  /** Adds metadata: an object of any values. */
  addMetadata(metadata) {
    attempt(this, () => invoke(this, this.constructor.calls.addMetadata, json(metadata, 'metadata')));
  }

  /** Ends it now, or at the given time. */
  end(endTimestamp) {
    if (endTimestamp === undefined) send(this, this.constructor.calls.end);
    else endWith(this, {}, endTimestamp);
  }

  /** Sends any action on this entity, with an object of any members. */
  commit(action, data = {}) {
    const { entity } = this.constructor;
    attempt(this, () => belongs(this).invoke(native.commit, ENTITIES[entity], this.id, optionalText(action, 'action'), json(data, 'data')));
  }
}

/** `entity.evaluate.withEvaluators('a', 'b')`, `.withVariables({ input }, ['a'])`. */
class Evaluation {
  #entity;

  constructor(entity) {
    this.#entity = entity;
  }

  withEvaluators(...evaluators) {
    const [first] = evaluators;
    const names = evaluators.length === 1 && fenced(() => Array.isArray(first)) === true ? first : fenced(() => evaluators.flat());
    const { calls } = this.#entity.constructor;
    attempt(this.#entity, () => {
      for (const name of evaluators) mustBeThere(name, 'evaluators');
      invoke(this.#entity, calls.evaluateWithEvaluators, json(names));
    });
    return { withVariables: (variables) => this.withVariables(variables, names) };
  }

  withVariables(variables, evaluators) {
    const { calls } = this.#entity.constructor;
    attempt(this.#entity, () => invoke(this.#entity, calls.evaluateWithVariables, json(variables, 'variables'), json(evaluators, 'evaluators')));
  }
}

const evaluated = (Base) =>
  class extends Base {
    get evaluate() {
      return new Evaluation(this);
    }
  };

const measured = (Base) =>
  class extends Base {
    addMetric(name, value) {
      if (typeof value === 'number' && typeof name === 'string') send(this, this.constructor.calls.addMetric, name, value);
      else attempt(this, () => invoke(this, this.constructor.calls.addMetric, text(name, 'name'), numeric(value, 'value')));
    }
  };

const timed = (Base) =>
  class extends Base {
    setStartTimestamp(time) {
      attempt(this, () => invoke(this, this.constructor.calls.setStartTimestamp, aTime(time)));
    }

    setEndTimestamp(time) {
      attempt(this, () => invoke(this, this.constructor.calls.setEndTimestamp, aTime(time)));
    }
  };

const eventful = (Base) =>
  class extends Base {
    /** Logs an event, `(id, name, tags?, metadata?)` or `(name, tags?, metadata?)`; gives its id. */
    addEvent(...values) {
      const [given, name, tags, metadata] = typeof values[1] === 'string' ? values : [undefined, ...values];
      const { calls } = this.constructor;
      let id;
      const made = attempt(this, () => {
        id = validId(given);
        return invoke(this, calls.addEvent, id, nameText(name, belongs(this).lossy), optionalJson(tags, 'tags'), optionalJson(metadata, 'metadata'));
      });
      return id ?? made;
    }
  };

const rated = (Base) =>
  class extends Base {
    addFeedback(feedback) {
      attempt(this, () => invoke(this, this.constructor.calls.addFeedback, json(feedback, 'feedback')));
    }
  };

const attached = (Base) =>
  class extends Base {
    /** Uploads a file or bytes, or logs a URL, in the background; gives the attachment's id, or undefined. */
    addAttachment(attachment) {
      const { calls } = this.constructor;
      return attempt(this, () => invoke(this, calls.addAttachment, ...fields.attachment(attachment ?? {})));
    }
  };

/** What others are made in. */
const nesting = (Base) =>
  class extends Base {
    addSpan(config) {
      const { calls } = this.constructor;
      return child(this, Span, calls.addSpan ?? calls.addSubSpan, fields.span, config);
    }

    addGeneration(config) {
      return child(this, Generation, this.constructor.calls.addGeneration, fields.generation, config);
    }

    addRetrieval(config) {
      return child(this, Retrieval, this.constructor.calls.addRetrieval, fields.retrieval, config);
    }

    addToolCall(config) {
      return child(this, ToolCall, this.constructor.calls.addToolCall, fields.toolCall, config);
    }

    /** Logs an Error, or `{ message, code, type, name, tags, metadata }`. */
    addError(error) {
      const { calls } = this.constructor;
      return make(belongs(this), LoggedError, calls.addError, this.id, fields.error, ownErrorConfig(error));
    }

    setInput(input) {
      attempt(this, () => invoke(this, this.constructor.calls.setInput, optionalText(input, 'input')));
      return this;
    }
  };

/** A time that has to be one. */
function aTime(time) {
  const us = microseconds(time);
  if (us !== undefined) return us;
  throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${shown(time)} is not a time: give a Date, milliseconds since 1970 or ISO 8601`);
}

/**
 * An id as the library takes it: numbers are common as ids of rows and requests, and an entity stands for its own.
 * Undefined of anything else: the text of `true` or `{}` would be an id that everything shares.
 */
function idOf(id) {
  if (typeof id === 'string') return id;
  if (typeof id === 'number' || typeof id === 'bigint') return String(id);
  return idOfOwn(id) ?? ownText(id);
}

/** The same of an id that may be absent; what is there and is none is refused. */
function validId(id, name = 'id') {
  const given = idOf(id);
  if (given !== undefined || id === undefined || id === null) return given;
  throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${name}: ${shown(id)} is no id; give a text or a number`);
}

/** A path or URL: a text, or an object that is one, as a URL is; anything else is refused. */
function place(value, name) {
  if (value === undefined || value === null) return undefined;
  const given = ownText(value);
  if (given !== undefined) return given;
  throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${name}: ${shown(value)} is not a text`);
}

/** Ends it at a time, with further members; where the time is none, now, which is reported. */
function endWith(entity, members, endTimestamp) {
  entity.commit('end', { endTimestamp: timeText(endTimestamp) ?? timeText(Date.now()), ...members });
  if (endTimestamp !== undefined && endTimestamp !== null) attempt(entity, () => aTime(endTimestamp));
}

const started = (config) => microseconds(config.startTimestamp);
/** Whole seconds, which is what attachments have. */
function seconds(time) {
  const us = microseconds(time);
  return us === undefined ? undefined : Math.floor(us / 1e6);
}
const tagged = (config) => optionalJson(config.tags);

// The members of each kind's configuration, in the order of its C struct.
const fields = {
  session: (c) => [validId(c.id), optionalText(c.name), tagged(c), started(c)],
  trace: (c) => [validId(c.id), optionalText(c.name), validId(c.sessionId, 'sessionId'), tagged(c), optionalText(c.input), started(c)],
  span: (c) => [validId(c.id), optionalText(c.name), tagged(c), started(c)],
  retrieval: (c) => [validId(c.id), optionalText(c.name), tagged(c), started(c)],
  generation: (c) => [
    validId(c.id),
    optionalText(c.name),
    optionalText(c.provider),
    optionalText(c.model),
    optionalJson(c.messages),
    optionalJson(c.modelParameters),
    validId(c.spanId, 'spanId'),
    validId(c.maximPromptId, 'maximPromptId'),
    validId(c.maximPromptVersionId, 'maximPromptVersionId'),
    tagged(c),
    started(c),
  ],
  toolCall: (c) => [validId(c.id), optionalText(c.name), optionalText(c.description), optionalText(c.args), tagged(c), started(c)],
  error: (c) => [
    validId(c.id),
    optionalText(c.name),
    optionalText(c.message),
    optionalText(c.code),
    optionalText(c.type),
    tagged(c),
    optionalJson(c.metadata),
  ],
  attachment: (c) => [
    validId(c.id),
    numberOf(ATTACHMENTS, c.type ?? '', "an attachment's type"),
    optionalText(c.name),
    place(c.path, 'path'),
    c.type === 'fileData' ? bytes(c.data, "an attachment's data") : undefined,
    place(c.url, 'url'),
    optionalText(c.mimeType),
    tagged(c),
    optionalJson(c.metadata),
    seconds(c.timestamp),
  ],
};

const ERROR_MEMBERS = ['id', 'name', 'message', 'code', 'type', 'tags', 'metadata'];

/** An Error, or an object with a message, as the members of an error's configuration; anything may be thrown. */
function errorConfig(error) {
  if (isError(error)) {
    const { name, message, ...rest } = errorMembers(error);
    return { name, message, code: rest.code, type: name, metadata: rest };
  }
  const later = comesLater(error);
  if (later !== undefined) return { message: later };
  if (typeof error !== 'object' || error === null) return { message: text(error) };
  const { id, ...members } = readable(error, ERROR_MEMBERS);
  return ['string', 'number', 'bigint'].includes(typeof id) ? { id, ...members } : members;
}

/** The same with a message, which an error needs: of an object without one its JSON. */
function ownErrorConfig(error) {
  const config = errorConfig(error);
  return { ...config, message: comesLater(config.message) ?? config.message ?? text(error) };
}

/** Makes something and gives its object, which has an id even when the call was refused. */
function make(core, Kind, method, parent, list, config) {
  let id;
  let end;
  core.attempt(() => {
    let given = config ?? {};
    let members;
    try {
      mustBeThere(given, 'config');
      members = list(given);
    } catch {
      given = present(core, there(core, given, 'config'));
      members = list(given);
    }
    id = idOf(given.id);
    end = given.endTimestamp;
    const made = core.invoke(method, parent, ...members);
    id ??= made;
  });
  const entity = new Kind(core, id ?? randomUUID());
  // What is no time is none here: the end comes with `end`.
  if (microseconds(end) !== undefined) entity.setEndTimestamp?.(end);
  return entity;
}

const child = (entity, Kind, method, list, config) => make(belongs(entity), Kind, method, entity.id, list, config);

const endWithError = (entity, method, error) =>
  attempt(entity, () => {
    // What ends with an error has no name and metadata of its own, and may end with an empty one.
    const { name, message, code, type = name } = ownErrorConfig(error);
    invoke(entity, method, ...fields.error({ message: message === '{}' ? undefined : message, code, type }));
  });

function resultFlags(options) {
  const { force, strict } = readable(options ?? {}, ['force', 'strict']);
  return (force ? RESULT_FLAGS.force : 0) | (strict ? RESULT_FLAGS.strict : 0);
}

/** What the log API is sent for a provider's result; throws a MaximError for what is none. */
function normaliseResult(result, options) {
  const normalised = native.normaliseResult(json(result, 'result'), resultFlags(options));
  if (typeof normalised === 'number') throw failure(normalised);
  return JSON.parse(normalised);
}

/** An error that was logged. */
class LoggedError extends Entity {
  static entity = 'error';
  static calls = { addTag: native.errorAddTag, addMetadata: native.errorAddMetadata };

  end(endTimestamp) {
    endWith(this, {}, endTimestamp);
  }
}

class Session extends attached(rated(eventful(measured(timed(evaluated(Entity)))))) {
  static entity = 'session';
  static calls = callsOf('session');

  addTrace(config) {
    return child(this, Trace, native.sessionAddTrace, fields.trace, config);
  }
}

class Trace extends nesting(attached(rated(eventful(measured(timed(evaluated(Entity))))))) {
  static entity = 'trace';
  static calls = callsOf('trace');

  setOutput(output) {
    // A model that answered with calls only has said nothing, which is no error.
    if (output !== undefined && output !== null) attempt(this, () => invoke(this, native.traceSetOutput, text(output, 'output')));
    return this;
  }

  addToSession(sessionId) {
    say(this, native.traceAddToSession, sessionId, (given) => validId(given, 'sessionId'));
  }
}

class Span extends nesting(attached(eventful(measured(timed(evaluated(Entity)))))) {
  static entity = 'span';
  static calls = callsOf('span');
}

class Generation extends attached(eventful(measured(timed(evaluated(Entity))))) {
  static entity = 'generation';
  static calls = callsOf('generation');

  setModel(model) {
    say(this, native.generationSetModel, model);
  }

  setProvider(provider) {
    say(this, native.generationSetProvider, provider);
  }

  setName(name) {
    say(this, native.generationSetName, name);
  }

  setModelParameters(parameters) {
    attempt(this, () => invoke(this, native.generationSetModelParameters, json(parameters, 'parameters')));
  }

  addMessage(message) {
    attempt(this, () => invoke(this, native.generationAddMessage, json(message, 'message')));
  }

  /** Adds each of them; a text alone is one message of the user's, and an object alone is one too. */
  addMessages(messages) {
    attempt(this, () => {
      if (typeof messages === 'string') {
        this.addMessage({ role: 'user', content: messages });
        return;
      }
      if (typeof messages !== 'object' || messages === null) {
        throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `messages: ${shown(messages)} is none; give an array of messages`);
      }
      if (typeof messages[Symbol.iterator] !== 'function') {
        this.addMessage(messages);
        return;
      }
      let added = 0;
      for (const message of messages) {
        if ((added += 1) > MAX_MESSAGES) throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `messages: ${MAX_MESSAGES} were added, and the rest left out`);
        this.addMessage(message);
      }
    });
  }

  /**
   * Logs the provider's result and ends the generation. A shape that is not known is sent as it is and reported; with
   * `force` it is not reported, with `strict` it is refused.
   */
  result(result, options) {
    attempt(this, () => invoke(this, native.generationResult, json(result, 'result'), resultFlags(options)));
  }

  /** Ends the generation with an Error, or `{ message, code, type }`. */
  error(error) {
    endWithError(this, native.generationError, error);
  }

  /** Input, output and total in US dollars; the total alone where the parts are not known. */
  addCost(cost) {
    attempt(this, () => {
      if (typeof cost !== 'object' || cost === null) {
        throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `cost: ${shown(cost)} is none; give { input, output, total }`);
      }
      const given = Object.entries(readable(cost, ['input', 'output', 'total'])).map(([name, value]) => [name, numeric(value, name)]);
      const { input, output, total } = Object.fromEntries(given);
      if (input === undefined && output === undefined) invoke(this, native.generationAddTotalCost, numeric(total, 'total'));
      else invoke(this, native.generationAddCost, numeric(input, 'input'), numeric(output, 'output'), total ?? input + output);
    });
  }

  setMaximPromptId(id) {
    say(this, native.generationSetMaximPromptId, id, validId);
  }

  setMaximPromptVersionId(id) {
    say(this, native.generationSetMaximPromptVersionId, id, validId);
  }
}

class Retrieval extends attached(measured(timed(evaluated(Entity)))) {
  static entity = 'retrieval';
  static calls = callsOf('retrieval');

  setInput(query) {
    if (typeof query === 'string') send(this, native.retrievalSetInput, query);
    else attempt(this, () => invoke(this, native.retrievalSetInputJson, json(query, 'query')));
  }

  /** Logs one document or many, and ends the retrieval. */
  setOutput(documents) {
    attempt(this, () => invoke(this, native.retrievalSetOutput, json(documents ?? null, 'documents')));
  }
}

class ToolCall extends measured(timed(Entity)) {
  static entity = 'tool_call';
  static calls = callsOf('toolCall');

  /** Changes members of the tool call. */
  update(data) {
    attempt(this, () => invoke(this, native.toolCallUpdate, json(data, 'data')));
  }

  /** Logs the result and ends the tool call; what is not a string is sent as its JSON text. */
  result(result) {
    attempt(this, () => invoke(this, native.toolCallResult, text(result, 'result')));
  }

  /** Ends the tool call with an Error, or `{ message, code, type }`. */
  error(error) {
    endWithError(this, native.toolCallError, error);
  }
}

// The names of the public JavaScript SDK, for the same methods.
const SDK_NAMES = [
  [Session, { trace: 'addTrace', event: 'addEvent', feedback: 'addFeedback' }],
  [
    Trace,
    {
      span: 'addSpan',
      generation: 'addGeneration',
      retrieval: 'addRetrieval',
      toolCall: 'addToolCall',
      error: 'addError',
      event: 'addEvent',
      feedback: 'addFeedback',
      input: 'setInput',
      output: 'setOutput',
    },
  ],
  [
    Span,
    {
      span: 'addSpan',
      addSubSpan: 'addSpan',
      generation: 'addGeneration',
      retrieval: 'addRetrieval',
      toolCall: 'addToolCall',
      error: 'addError',
      event: 'addEvent',
      input: 'setInput',
    },
  ],
  [Retrieval, { input: 'setInput', output: 'setOutput' }],
];
for (const [Kind, names] of SDK_NAMES) {
  for (const [name, method] of Object.entries(names)) {
    Object.defineProperty(Kind.prototype, name, { value: Kind.prototype[method], configurable: true, writable: true });
  }
}

/** The public kinds. */
const kinds = { Session, Trace, Span, Generation, Retrieval, ToolCall };

module.exports = {
  ...kinds,
  kinds,
  Entity,
  endWith,
  validId,
  LoggedError,
  normaliseResult,
  createSession: (core, config) => make(core, Session, native.sessionCreate, undefined, fields.session, config),
  createTraceFrom: (core, traceparent, config) =>
    typeof traceparent === 'string' && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/.test(traceparent)
      ? make(core, Trace, native.traceFromTraceparent, traceparent, fields.trace, config)
      : make(core, Trace, native.traceCreate, undefined, fields.trace, config),
  createTrace: (core, config) => make(core, Trace, native.traceCreate, undefined, fields.trace, config),
};
