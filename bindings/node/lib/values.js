'use strict';

// JavaScript's values as the C library takes them: JSON texts, texts, times and bytes.
//
// A value that has no JSON never costs the record that it belongs to: it is written as a short text that says what
// it was (`[Circular]`, `[Throws: …]`). Whatever code of the caller's runs here (getters, `toJSON`, Proxy traps,
// `toString`) may throw.

const builtin = require('./builtin.js');
const { types } = builtin('node:util');
const { MaximError } = require('./error.js');

const isError = (value) => {
  try {
    return types.isNativeError(value) || value instanceof Error;
  } catch {
    // A Proxy whose trap throws, or one that was revoked.
    return false;
  }
};

/** What `read` gives; a text that says so when it throws. */
function fenced(read) {
  try {
    return read();
  } catch (error) {
    return `[Throws: ${messageOf(error)}]`;
  }
}

/**
 * What stands for a value whose content comes later (a Promise that nobody awaited, a stream or generator that nobody
 * read, a response without its body): nothing of it can be logged yet. Undefined of any other value.
 */
function comesLater(value) {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    if (typeof value.toJSON === 'function') return undefined;
    if (typeof value.then === 'function') return `[${nameOfKind(value)}: not awaited]`;
    const has = (...methods) => methods.some((method) => typeof value[method] === 'function');
    // A page of a list has what it holds among its members, and can be iterated for the pages that follow.
    const holdsData = () => Object.keys(value).some((name) => typeof value[name] !== 'function');
    const isUnread =
      (has(Symbol.asyncIterator) && (has('pipe', 'getReader', 'tee', 'abort') || !holdsData())) ||
      (has('next') && types.isGeneratorObject(value)) ||
      (has('arrayBuffer') && has('text') && ('bodyUsed' in value || has('slice')));
    return isUnread ? `[${nameOfKind(value)}: not read]` : undefined;
  } catch {
    // A trap or getter that throws: whoever writes the value finds out which.
    return undefined;
  }
}

const nameOfKind = (value) => String(value[Symbol.toStringTag] ?? value.constructor?.name ?? 'Object').slice(0, 100);

const PLAIN = new Set(['string', 'number', 'boolean', 'bigint']);

/** The members of an error that are no objects: `code`, `status`, `syscall`. A whole request would have a key in its headers. */
const plainMembers = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => PLAIN.has(typeof value)));

/** Throws for a value whose content comes later; `name` is the argument. */
function mustBeThere(value, name) {
  const later = comesLater(value);
  if (later !== undefined) throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${name}: ${later}; give what comes of it`);
}

const isBytes = (value) => types.isUint8Array(value) || types.isUint8ClampedArray(value) || types.isAnyArrayBuffer(value) || types.isDataView(value);

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes as a text: what they say as UTF-8, else a data URL. */
function textOfBytes(value) {
  const view = bytes(value);
  try {
    return UTF8.decode(view);
  } catch {
    const { buffer, byteOffset, byteLength } = view;
    return `data:application/octet-stream;base64,${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}`;
  }
}

/** The text of something that was thrown, whatever it is. */
function messageOf(error) {
  try {
    return String(isError(error) ? error.message : error).split('\n')[0];
  } catch {
    return 'a value without a text';
  }
}

/** The members of an error that matter to a reader: its own, its cause, and the errors of an AggregateError. */
function errorMembers(error) {
  const members = {};
  for (const name of Object.keys(error)) members[name] = fenced(() => error[name]);
  for (const name of ['name', 'message', 'stack', 'cause', 'errors']) {
    const value = fenced(() => error[name]);
    if (value !== undefined) members[name] = value;
  }
  return members;
}

// Deeper values, and cycles, are left to `degraded`.
const MAX_PLAIN_DEPTH = 16;

// Bounds of what is looked at: a value may refer to its parts many times, which doubles with each level, and an array
// may say any length.
const MAX_PLAIN_VALUES = 2_000_000;
const MAX_VALUES = 100_000;

// How many more values the conversion that is under way looks at. No conversion waits, and one that runs within another
// (a `toJSON` that logs) has a count of its own.
let left = 0;

/** `degraded` for a value that nothing is around. */
function bounded(value) {
  const outer = left;
  left = MAX_VALUES;
  try {
    return degraded(value, []);
  } finally {
    left = outer;
  }
}

// Whether JSON.stringify writes the value as it should be, five times as fast as a walk of our own.
function isPlain(value, depth) {
  if (typeof value !== 'object' || value === null) return typeof value !== 'bigint' && typeof value !== 'symbol' && typeof value !== 'function';
  if (depth === MAX_PLAIN_DEPTH) return false;
  if (Array.isArray(value)) {
    left -= value.length;
    if (left < 0) return false;
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth + 1)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value instanceof Date;
  for (const key in value) if ((left -= 1) < 0 || !isPlain(value[key], depth + 1)) return false;
  return true;
}

// The library takes 128 levels; a document within a line has a few around it.
const MAX_DEPTH = 100;

/** What stands in JSON for a bigint: the number where it is exact, else its digits as a text. */
function integer(value) {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** A value that JSON.stringify writes for any value; `path` is the objects around it. */
function degraded(value, path) {
  if ((left -= 1) < 0) return '[left out]';
  switch (typeof value) {
    case 'bigint':
      return integer(value);
    case 'string':
      return value.toWellFormed();
    case 'symbol':
      return value.toString();
    case 'function':
      return fenced(() => `[Function: ${value.name || 'anonymous'}]`);
    case 'object':
      if (value === null) return null;
      break;
    default:
      return value;
  }
  if (path.includes(value)) return '[Circular]';
  if (path.length === MAX_DEPTH) return '[nested too deep]';
  if (isBytes(value)) return fenced(() => textOfBytes(value));
  return comesLater(value) ?? fenced(() => members(value, [...path, value]));
}

function members(value, path) {
  if (isError(value)) return entriesOf(errorMembers(value), path);
  if (typeof value.toJSON === 'function') {
    const json = value.toJSON();
    return json === value ? entriesOf(value, path) : degraded(json, path);
  }
  if (Array.isArray(value) || types.isTypedArray(value)) {
    // One more than are looked at says that there are more.
    return Array.from({ length: Math.min(value.length, Math.max(left, 0) + 1) }, (_, index) => degraded(fenced(() => value[index]), path) ?? null);
  }
  // By their own methods: the value's may be the program's, and without end.
  if (types.isSet(value)) return members([...Set.prototype.values.call(value)], path);
  if (types.isMap(value)) {
    // Names are texts; a map with other keys is written as its entries.
    const pairs = [...Map.prototype.entries.call(value)];
    return pairs.every(([key]) => typeof key !== 'object' && typeof key !== 'function')
      ? entriesOf(Object.fromEntries(pairs.map(([key, of]) => [String(key), of])), path)
      : members(pairs, path);
  }
  if (types.isBoxedPrimitive(value)) return degraded(value.valueOf(), path);
  return entriesOf(value, path);
}

function entriesOf(object, path) {
  // Without a prototype, so that a member named __proto__ is one.
  const written = Object.create(null);
  for (const name of Object.keys(object)) {
    const value = degraded(fenced(() => object[name]), path);
    if (value !== undefined) written[name.toWellFormed()] = value;
    if (left < 0) break;
  }
  return written;
}

/** The JSON text of any value; one whose content comes later is refused by the argument's name. */
function json(value, name = 'value') {
  mustBeThere(value, name);
  return written(value);
}

/** The JSON text of any value. */
function written(value) {
  const outer = left;
  try {
    left = MAX_PLAIN_VALUES;
    if (isPlain(value, 0)) {
      const text = JSON.stringify(value);
      // Halves of pairs are written as escapes, which a reader of JSON within JSON refuses.
      if (text !== undefined && !text.includes('\\ud')) return text;
    }
  } catch {
    // A getter, a toJSON or a trap threw: the walk finds out which.
  } finally {
    left = outer;
  }
  return JSON.stringify(bounded(value)) ?? JSON.stringify(`[${typeof value}]`);
}

/** The same, where undefined and null mean that there is nothing to say. */
const optionalJson = (value, name) => (value === undefined || value === null ? undefined : json(value, name));

/** A text as it is, anything else as its JSON text; what JSON has no form for as the text that stands for it. */
function text(value, name = 'value') {
  if (typeof value === 'string') return value;
  if (value === undefined) return 'null';
  mustBeThere(value, name);
  if (isBytes(value)) return fenced(() => textOfBytes(value));
  const plain = typeof value === 'object' ? value : bounded(value);
  return typeof plain === 'string' ? plain : (written(plain) ?? '');
}

/** The same, where undefined and null mean absent. */
const optionalText = (value, name) => (value === undefined || value === null ? undefined : text(value, name));

/** A text, or the one that an object is in JSON (a UUID, a URL, a database's id), without quotes; undefined of anything else. */
function ownText(value) {
  if (typeof value === 'string') return value;
  const own = typeof value === 'object' && value !== null && !isBytes(value) && comesLater(value) === undefined ? bounded(value) : undefined;
  return typeof own === 'string' ? own : undefined;
}

/** A number, or a text or bigint that is one; `name` is the argument, for what is none. */
function numeric(value, name) {
  if (typeof value === 'number') return value;
  const number = (typeof value === 'string' && value.trim() !== '') || typeof value === 'bigint' ? Number(value) : NaN;
  if (!Number.isNaN(number)) return number;
  throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${name}: ${shown(value)} is not a number`);
}

/** A name that there has to be: of what is none, in a lossy call, what says so. */
const nameText = (value, lossy) => (lossy ? comesLater(value) : undefined) ?? optionalText(value, 'name') ?? (lossy ? '(no name)' : undefined);

/** A message for a person: of an error its own, of a value without JSON its text. */
function messageText(value) {
  if (typeof value === 'string') return value;
  if (isError(value)) return fenced(() => String(value.message || value.name));
  if (isBytes(value)) return fenced(() => textOfBytes(value));
  if (typeof value === 'object' && value !== null) return comesLater(value) ?? written(value);
  return fenced(() => String(value));
}

/** How much of a value a refusal shows. */
const MAX_SHOWN = 200;

/** The beginning of a text, for a refusal: what is refused may be a whole document, with what it says of somebody. */
const cut = (whole) => (whole.length > MAX_SHOWN ? `${whole.slice(0, MAX_SHOWN).toWellFormed()}…` : whole);

/** A value that is refused. */
const shown = (value) => cut(messageText(value));

// Before the year 0 and after 9999 there is no RFC 3339.
const FIRST_MS = -62_167_219_200_000;
const LAST_MS = 253_402_300_799_999;

/**
 * A Date, milliseconds since 1970, or a text that Date reads (ISO 8601), in milliseconds; what is none of them is
 * undefined, which means now, and what is out of range is the first or last time there is.
 */
function milliseconds(time) {
  if (time === undefined || time === null) return undefined;
  // The text of an array is all that it holds, which may have no end; none is a time.
  const number = fenced(() => (typeof time === 'string' ? Date.parse(time) : Array.isArray(time) ? NaN : Number(time)));
  if (typeof number !== 'number' || Number.isNaN(number)) return undefined;
  return Math.min(Math.max(number, FIRST_MS), LAST_MS);
}

/** The same in microseconds: fractions of a millisecond count. */
function microseconds(time) {
  const ms = milliseconds(time);
  // Date reads three digits of a second; what the library writes has six.
  const [, digits = ''] = (typeof time === 'string' && /\.\d{3}(\d{1,3})/.exec(time)) || [];
  return ms === undefined ? undefined : Math.round(ms * 1000) + Number(digits.padEnd(3, '0'));
}

/** The same as RFC 3339, with microseconds where there are any. */
function timeText(time) {
  const us = microseconds(time);
  if (us === undefined) return undefined;
  const ms = Math.floor(us / 1000);
  const rest = us - ms * 1000;
  const whole = new Date(ms).toISOString();
  return rest === 0 ? whole : whole.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}

const FIRST_I32 = -(2 ** 31);
const LAST_I32 = 2 ** 31 - 1;

/** A whole number of 32 bits; in a lossy call the nearest one, and undefined of what is no number. */
function whole(value, lossy) {
  if (!lossy || value === undefined || value === null) return value ?? undefined;
  const number = fenced(() => (typeof value === 'object' ? NaN : Number(value)));
  if (typeof number !== 'number' || Number.isNaN(number)) return undefined;
  return Math.min(Math.max(Math.trunc(number), FIRST_I32), LAST_I32);
}

/** Bytes as the addon takes them: a string becomes UTF-8, a buffer of any type a view of the same memory. */
function bytes(value, what) {
  if (typeof value === 'string') return Buffer.from(value);
  if (types.isUint8Array(value)) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value);
  throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${what} must be a string or bytes`);
}

/** The number that stands for a word; absent stays undefined. */
function numberOf(words, word, what) {
  if (word === undefined || word === null) return undefined;
  if (typeof word !== 'string' || !Object.hasOwn(words, word)) {
    const known = Object.keys(words).join(', ');
    throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${what} is ${cut(written(word))}; it must be one of ${known}`);
  }
  return words[word];
}

/** The names of an object's members; none where even they cannot be had. */
function namesOf(object) {
  try {
    return typeof object === 'object' ? Object.keys(object) : [];
  } catch {
    return [];
  }
}

/** The members of a value that are there and can be read; a getter that throws is a member that is not there. */
function readable(object, names = namesOf(object)) {
  const members = {};
  for (const name of names) {
    try {
      if (object[name] !== undefined) members[name] = object[name];
    } catch {
      // Left out.
    }
  }
  return members;
}

/** A value whose content is there; one that comes later is left out, and reported by its name. */
function there(core, value, name) {
  const later = comesLater(value);
  if (later === undefined) return value;
  if (!core.lossy) mustBeThere(value, name);
  core.refuse(new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${name}: ${later}, left out; give what comes of it`));
  return undefined;
}

/** The same for the members of a configuration or entry that can be read, but for ids: who reads those refuses them. */
function present(core, object, names) {
  const members = readable(object, names);
  for (const [name, value] of Object.entries(members)) if (!/id$/i.test(name)) members[name] = there(core, value, name);
  return members;
}

module.exports = {
  isError,
  comesLater,
  mustBeThere,
  present,
  there,
  readable,
  cut,
  shown,
  errorMembers,
  fenced,
  json,
  written,
  optionalJson,
  text,
  optionalText,
  plainMembers,
  ownText,
  numeric,
  nameText,
  whole,
  messageText,
  milliseconds,
  microseconds,
  timeText,
  bytes,
  numberOf,
};
