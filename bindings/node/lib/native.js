'use strict';

// Finds the addon and loads it; when there is none, says where it looked and what each place answered.

const path = require('node:path');

// A path given by the user is the only one that is tried.
const OVERRIDE = process.env.LIBMAXIM_NODE_ADDON;

// On Linux the package of the wrong C library does not load, and the next one is tried.
function candidates() {
  if (OVERRIDE) return [path.resolve(OVERRIDE)];
  const platform = `${process.platform}-${process.arch}`;
  const packages = process.platform === 'linux' ? [`${platform}-gnu`, `${platform}-musl`] : [platform];
  return [
    ...packages.map((name) => `@libmaxim/${name}`),
    // The repository's own build, for those who work on the library.
    path.join(__dirname, '../../../build/node/maxim.node'),
  ];
}

// Not by `require`, which would give the addon of an earlier evaluation of this package to a later one (test runners
// evaluate packages several times): each has an addon of its own, because what they share is per addon.
function open(candidate) {
  const addon = { exports: {} };
  process.dlopen(addon, require.resolve(candidate));
  return addon.exports;
}

function load() {
  const tried = [];
  for (const candidate of candidates()) {
    try {
      return open(candidate);
    } catch (error) {
      tried.push(`  ${candidate}: ${String(error.message).split('\n')[0]}`);
    }
  }
  const error = new Error(
    `libmaxim has no addon for ${process.platform} ${process.arch} (Node-API ${process.versions.napi}). Tried:\n` +
      `${tried.join('\n')}\n` +
      'Install the platform package, or set LIBMAXIM_NODE_ADDON to the path of a build.',
  );
  error.code = 'MAXIM_ERR_NO_ADDON';
  throw error;
}

module.exports = load();
