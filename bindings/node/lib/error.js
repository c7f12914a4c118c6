'use strict';

// The one error of this package.

const native = require('./native.js');

/** A refused call, or something that went wrong later; `code` is the name of the C library's status. */
class MaximError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = 'MaximError';
    this.code = code;
  }
}

/** The error of a status that a call on this thread has just answered with. */
function failure(status, detail = native.lastError()) {
  const code = native.statusStr(status);
  return new MaximError(code, detail || code);
}

/** Any thrown value as a MaximError: a wrong type found by the addon, or what a caller's getter threw. */
function asMaximError(error) {
  let message = 'a value could not be read';
  try {
    if (error instanceof MaximError) return error;
    message = error instanceof Error ? error.message : String(error);
  } catch {
    // Even its text throws: the general message has to do.
  }
  return new MaximError('MAXIM_ERR_INVALID_ARGUMENT', message, { cause: error });
}

module.exports = { MaximError, failure, asMaximError };
