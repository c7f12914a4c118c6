'use strict';

// JavaScript's values as the C library takes them: JSON texts, texts, and microseconds.

const { types } = require('node:util');
const { MaximError } = require('./error.js');

const isError = (value) => types.isNativeError(value) || value instanceof Error;

/** The members of an error that matter to a reader, its cause included. */
function errorMembers(error) {
  const members = { ...error, name: error.name, message: error.message, stack: error.stack };
  if (error.cause !== undefined) members.cause = error.cause;
  return members;
}

// What JSON.stringify refuses or would show as {}.
function replace(_key, value) {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (typeof value === 'object' && value !== null) {
    if (isError(value)) return errorMembers(value);
    if (value instanceof Map) return Object.fromEntries(value);
    if (value instanceof Set) return [...value];
  }
  return value;
}

// Deeper values, and cycles, are left to JSON.stringify.
const MAX_PLAIN_DEPTH = 16;

// Whether JSON.stringify needs no help: it is five times as fast without a replacer.
function isPlain(value, depth) {
  if (typeof value !== 'object' || value === null) return typeof value !== 'bigint';
  if (depth === MAX_PLAIN_DEPTH) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth + 1)) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value instanceof Date;
  for (const key in value) if (!isPlain(value[key], depth + 1)) return false;
  return true;
}

/** The JSON text of a value; cycles and getters that throw are MAXIM_ERR_INVALID_JSON. */
function json(value) {
  let text;
  try {
    text = isPlain(value, 0) ? JSON.stringify(value) : JSON.stringify(value, replace);
  } catch (error) {
    let reason = 'a getter threw';
    if (isError(error)) reason = String(error.message).split('\n')[0];
    throw new MaximError('MAXIM_ERR_INVALID_JSON', `the value cannot be written as JSON: ${reason}`, { cause: error });
  }
  if (text === undefined) {
    throw new MaximError('MAXIM_ERR_INVALID_JSON', `a value of type ${typeof value} has no JSON`);
  }
  return text;
}

/** The same, where undefined and null mean that there is nothing to say. */
const optionalJson = (value) => (value === undefined || value === null ? undefined : json(value));

/** A text as it is, anything else as its JSON text. */
const text = (value) => (typeof value === 'string' ? value : json(value));

/** The same, where undefined and null mean absent. */
const optionalText = (value) => (typeof value === 'string' || value === undefined || value === null ? value : json(value));

/** A Date, or milliseconds since 1970 (fractions are microseconds), in microseconds. */
function microseconds(time) {
  if (time === undefined || time === null) return undefined;
  const milliseconds = Number(time);
  if (Number.isNaN(milliseconds)) throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', 'the time is not a valid date');
  return Math.round(milliseconds * 1000);
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
  if (!Object.hasOwn(words, word)) {
    throw new MaximError('MAXIM_ERR_INVALID_ARGUMENT', `${what} must be one of ${Object.keys(words).join(', ')}`);
  }
  return words[word];
}

module.exports = { isError, errorMembers, json, optionalJson, text, optionalText, microseconds, bytes, numberOf };
