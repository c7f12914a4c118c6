// Every function of include/maxim.h is reached by the addon, and every function of the addon by lib/.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './support.mjs';

const native = createRequire(import.meta.url)('../lib/native.js');
const { version, functions } = JSON.parse(readFileSync(join(ROOT, 'include/maxim.api.json'), 'utf8'));
const exported = functions.filter((each) => !each.for_c).map((each) => ({ name: each.name, successor: each.deprecated_for }));

const directory = join(ROOT, 'bindings/node');
const sources = (folder, ending) =>
  readdirSync(join(directory, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(directory, folder, name), 'utf8'))
    .join('\n');
const c = (sources('src', '.c') + sources('src', 'table.h')).replace(/\/\*[\s\S]*?\*\//g, '');
const js = sources('lib', '.js') + readFileSync(join(directory, 'index.js'), 'utf8');
const KINDS = [...js.matchAll(/callsOf\('(\w+)'\)/g)].map(([, kind]) => kind);

for (const { name, successor } of exported) {
  test(`${name} is reached`, () => {
    assert.match(c, new RegExp(`\\b${successor ?? name}\\b`), `${successor ?? name} is not called by the addon`);
  });
}

test('library and header have one version', () => {
  assert.equal(native.version(), version);
});

test('the addon has no function that lib/ does not use', () => {
  // lib/entities.js has those of a kind in a table, without the kind's name.
  const forms = (name) => [name, ...KINDS.filter((kind) => name.startsWith(kind)).map((kind) => name[kind.length].toLowerCase() + name.slice(kind.length + 1))];
  const used = (name) => forms(name).some((form, index) => new RegExp(`${index ? 'calls' : 'native'}\\.${form}\\b`).test(js));
  assert.deepEqual(Object.keys(native).filter((name) => !used(name)), []);
});
