'use strict';

// Finds the addon and loads it; when there is none, says where it looked, what each place answered, and what helps.
//
// The file is looked for at run time, by absolute path, and never through a bundler: this code may be part of a bundle,
// far from the package that it came from. A bundle finds the platform's package in node_modules of its own folder, of
// the program's or of the working directory, or maxim.node beside itself.

const builtin = require('./builtin.js');

const fs = builtin('node:fs');
const path = builtin('node:path');
const { createRequire } = builtin('node:module');

// A path given by the user is the only one that is tried.
const OVERRIDE = process.env.LIBMAXIM_NODE_ADDON;

const PLATFORM = `${process.platform}-${process.arch}`;
const ALL = ['linux-x64-gnu', 'linux-arm64-gnu', 'linux-x64-musl', 'linux-arm64-musl', 'darwin-x64', 'darwin-arm64'];
const OURS = ALL.filter((name) => name === PLATFORM || name.startsWith(`${PLATFORM}-`));

/** This file; undefined in a bundle of ES modules, which has no name for it. */
const FILE = typeof __filename === 'string' && path.isAbsolute(__filename) ? __filename : undefined;
/** Whether this is the package as it was installed, or made. */
const IS_PACKAGE = FILE !== undefined && path.basename(FILE) === 'native.js' && path.basename(path.dirname(FILE)) === 'lib';

/** The files that packages are looked up from, and that maxim.node may lie beside. */
function bases() {
  const program = process.argv[1] ? path.resolve(process.argv[1]) : undefined;
  return [...new Set([FILE, program, path.join(process.cwd(), 'index.js')].filter(Boolean))];
}

/** The file of a platform's package; undefined when it is not installed. */
function installed(name) {
  for (const base of bases()) {
    try {
      return createRequire(base).resolve(`@libmaxim/${name}/maxim.node`);
    } catch {
      // Not from here.
    }
  }
  return undefined;
}

/** What is tried: a name for a person, and the file, if there is one. */
function candidates() {
  if (OVERRIDE) return [{ name: OVERRIDE, file: path.resolve(OVERRIDE) }];
  const found = OURS.map((name) => ({ name: `@libmaxim/${name}`, file: installed(name) }));
  // Beside a bundle, for those that copy it there.
  if (!IS_PACKAGE) {
    for (const base of bases()) {
      const file = path.join(path.dirname(base), 'maxim.node');
      found.push({ name: file, file: fs.existsSync(file) ? file : undefined });
    }
  }
  // The repository's own build, for those who work on the library: only the repository has the addon's sources.
  if (IS_PACKAGE && fs.existsSync(path.join(path.dirname(FILE), '../src/addon.c'))) {
    const file = path.join(path.dirname(FILE), '../../../build/node/maxim.node');
    found.push({ name: file, file });
  }
  return found;
}

// Not by `require`, which would give the addon of an earlier evaluation of this package to a later one (test runners
// evaluate packages several times): each has an addon of its own, because what they share is per addon.
function open(file) {
  const addon = { exports: {} };
  process.dlopen(addon, file);
  return addon.exports;
}

/** What helps against the cause; `failures` are the errors of files that were there. */
function advice(failures) {
  if (failures.some((error) => error.code === 'ERR_DLOPEN_DISABLED' || error.code === 'ERR_ACCESS_DENIED')) {
    return 'Node runs with --permission: allow addons with --allow-addons, and to read node_modules with --allow-fs-read.';
  }
  if (OVERRIDE) return 'LIBMAXIM_NODE_ADDON names a file that does not load: give the path of a maxim.node for this platform.';
  if (OURS.length === 0) return `There is no package for ${PLATFORM}: ${ALL.join(', ')} have one. Windows has Linux's in WSL.`;
  if (failures.some((error) => /GLIBC_|musl|libc\.so|ld-linux/.test(error.message))) {
    return 'What is installed is for another C library: install again on this system, not on another one or in another image.';
  }
  if (failures.length > 0) return 'The file is there and does not load: install again, for this platform and version of Node.';
  const others = ALL.filter((name) => !OURS.includes(name) && installed(name));
  if (others.length > 0) {
    return `node_modules is of another platform (@libmaxim/${others[0]}): run npm ci here, or copy no node_modules between systems.`;
  }
  if (!IS_PACKAGE) {
    return (
      `This is a bundle: mark libmaxim as external (README.md, Bundlers), install @libmaxim/${OURS[0]} where the bundle runs, ` +
      'copy its maxim.node beside the bundle, or set LIBMAXIM_NODE_ADDON to its path.'
    );
  }
  return (
    `The platform's package is missing: npm leaves it out with --omit=optional, or with a lock file of another platform. ` +
    `Run npm install @libmaxim/${OURS[0]}, or set LIBMAXIM_NODE_ADDON to the path of a build.`
  );
}

function load() {
  const tried = [];
  const failures = [];
  for (const { name, file } of candidates()) {
    if (file === undefined) {
      tried.push(`  ${name}: not found`);
      continue;
    }
    try {
      return open(file);
    } catch (error) {
      failures.push(error);
      tried.push(`  ${name}: ${String(error.message).split('\n')[0]}`);
    }
  }
  const error = new Error(
    `libmaxim has no addon for ${process.platform} ${process.arch} (Node-API ${process.versions.napi}). ` +
      `${tried.length > 0 ? `Tried:\n${tried.join('\n')}\n` : ''}${advice(failures)}`,
  );
  error.code = 'MAXIM_ERR_NO_ADDON';
  throw error;
}

module.exports = load();
