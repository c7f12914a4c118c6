// Every function of include/maxim.h is reached by the addon, and every function of the addon by lib/.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './support.mjs';

const native = createRequire(import.meta.url)('../lib/native.js');
const header = readFileSync(join(ROOT, 'include/maxim.h'), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
// A prototype stands at the start of a line; static inline helpers have a body instead of a semicolon.
const PROTOTYPE = /^(MAXIM_DEPRECATED\("use (\w+)"\)\s+)?(?:const char \*|bool |int32_t |maxim_status )(maxim_\w+)\([^)]*\);/gm;
// C lets a header declare a function more than once; each counts once here.
const exported = [
  ...new Map([...header.matchAll(PROTOTYPE)].map(([, , successor, name]) => [name, { name, successor }])).values(),
];

const directory = join(ROOT, 'bindings/node');
const sources = (folder, ending) =>
  readdirSync(join(directory, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(directory, folder, name), 'utf8'))
    .join('\n');
const c = sources('src', '.c').replace(/\/\*[\s\S]*?\*\//g, '');
const js = sources('lib', '.js');

test('the header is read whole', () => {
  const listed = readFileSync(join(ROOT, 'maxim.symbols'), 'utf8').trim().split('\n');
  assert.deepEqual(exported.map(({ name }) => name).sort(), listed.sort());
});

for (const { name, successor } of exported) {
  test(`${name} is reached`, () => {
    assert.match(c, new RegExp(`\\b${successor ?? name}\\b`), `${successor ?? name} is not called by the addon`);
  });
}

test('library and header have one version', () => {
  const [, version] = header.match(/^#define MAXIM_VERSION_STRING "(.+)"$/m);
  assert.equal(native.version(), version);
});

test('the addon has no function that lib/ does not use', () => {
  const unused = Object.keys(native).filter((name) => !new RegExp(`native\\.${name}\\b`).test(js + readFileSync(join(directory, 'index.js'), 'utf8')));
  assert.deepEqual(unused, []);
});
