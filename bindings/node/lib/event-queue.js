'use strict';

// What the library's threads have to say, given to whom it concerns: errors and debug lines to the
// object that listens, the end of a flush to the promise that waits for it.

const native = require('./native.js');
const { failure } = require('./error.js');

// As in src/shared.h.
const SUBJECT_ERROR = 0;
const SUBJECT_DEBUG = 1;
const SUBJECT_DONE = 2;

let last = 0;
// Listeners are held weakly, so that a logger that nobody holds any more is collected.
const listeners = new Map();
const forgotten = new FinalizationRegistry((number) => listeners.delete(number));
const waiting = new Map();

const deliver = (subject, number, status, text, records) => {
  if (subject === SUBJECT_DONE) {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    if (status === 0) resolve();
    else reject(failure(status, text));
    return;
  }
  const listener = listeners.get(number)?.deref();
  if (listener && subject === SUBJECT_ERROR) listener.happened(failure(status, text), records);
  if (listener && subject === SUBJECT_DEBUG) listener.debug(text);
};

// As Node's own handles answer it: this one keeps the process alive only while somebody waits for something. Jest asks,
// and reports what it takes for an open handle.
const resource = { hasRef: () => waiting.size > 0 };

// Inside a log call: a text for the mask of the logger that asks.
const mask = (number, entity, field, text) => listeners.get(number).deref().mask(entity, field, text);

native.listen(deliver, resource, mask);

/** A number under which `listener` gets `happened(error, records)`, `debug(line)` and `mask(entity, field, text)`. */
function listen(listener) {
  listeners.set(++last, new WeakRef(listener));
  forgotten.register(listener, last);
  return last;
}

/** Starts something that ends later: `start(number)` answers with undefined, or a status. */
function later(start) {
  return new Promise((resolve, reject) => {
    const number = ++last;
    waiting.set(number, { resolve, reject });
    try {
      const status = start(number);
      if (status === undefined) return;
      reject(failure(status));
    } catch (error) {
      reject(error);
    }
    waiting.delete(number);
  });
}

module.exports = { listen, later };
