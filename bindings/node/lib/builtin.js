'use strict';

// Node's own modules by name, in a bundle of ES modules too, where there is no `require`.

if (typeof process.getBuiltinModule !== 'function') {
  throw new Error(`libmaxim needs Node 20.16 or 22.3 and newer; this is ${process.version}`);
}

module.exports = process.getBuiltinModule;
