// What the loader says when it cannot load the addon: the cause, and what helps against it.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT, scratch } from './support.mjs';

const { path: folder, remove } = scratch();
after(remove);
const modules = join(folder, 'node_modules');
const LIBC = process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl';
const OURS = `${process.platform}-${process.arch}${process.platform === 'linux' ? `-${LIBC}` : ''}`;
const FOREIGN = process.platform === 'darwin' ? 'linux-x64-gnu' : 'darwin-arm64';
const ADDON = join(ROOT, 'build/node/maxim.node');

before(() => {
  // As it is installed: without the sources that only the repository has.
  writeFileSync(join(folder, 'program.cjs'), 'console.log(require("libmaxim").version)');
  for (const part of ['index.js', 'index.mjs', 'lib', 'package.json']) cpSync(join(ROOT, 'bindings/node', part), join(modules, 'libmaxim', part), { recursive: true });
});

/** Puts a file where a platform's package would be, and nothing else. */
function install(name, file) {
  rmSync(join(modules, '@libmaxim'), { recursive: true, force: true });
  if (!name) return;
  mkdirSync(join(modules, '@libmaxim', name), { recursive: true });
  copyFileSync(file, join(modules, '@libmaxim', name, 'maxim.node'));
}

function load(flags = [], env = {}) {
  const program = [...flags, 'program.cjs'];
  const environment = { ...process.env, LIBMAXIM_NODE_ADDON: '', ...env };
  return spawnSync(process.execPath, program, { cwd: folder, encoding: 'utf8', env: environment });
}

/** A library that needs another C library than there is. */
function forMusl() {
  const [stub, file] = ['libc.musl-other.so.1', join(folder, 'other.node')];
  const compile = (...rest) => execFileSync(process.env.CC ?? 'cc', ['-shared', '-fPIC', '-nostdlib', '-xc', ...rest], { cwd: folder, input: 'int nothing;' });
  compile('-', '-Wl,-soname,libc.musl-other.so.1', '-o', stub);
  compile('-', '-o', file, '-L.', '-Wl,--no-as-needed', `-l:${stub}`);
  rmSync(join(folder, stub));
  return file;
}

const NODE = /^v\d/.test(process.version) && !process.versions.bun && !process.versions.deno;

test('an installed package loads', () => {
  install(OURS, ADDON);
  const { status, stdout, stderr } = load();
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^\d/);
});

test('without the package it says how to get it, and does not look into a consumer’s build folder', () => {
  install();
  const build = join(folder, 'build/node');
  mkdirSync(build, { recursive: true });
  copyFileSync(ADDON, join(build, 'maxim.node'));
  const { status, stderr } = load();
  assert.notEqual(status, 0);
  assert.match(stderr, new RegExp(`npm install @libmaxim/${process.platform}-${process.arch}`));
  assert.match(stderr, /--omit=optional/);
  assert.ok(!stderr.includes(build), stderr);
});

test('node_modules of another platform is named as such', () => {
  install(FOREIGN, ADDON);
  assert.match(load().stderr, new RegExp(`of another platform \\(@libmaxim/${FOREIGN}\\): run npm ci here`));
});

test('a package for another C library is named as such', { skip: process.platform !== 'linux' && 'Linux alone has two' }, () => {
  install(OURS, forMusl());
  assert.match(load().stderr, /for another C library: install again on this system/);
});

test('a file that is no addon is named as such', () => {
  const broken = join(folder, 'broken');
  writeFileSync(broken, 'not a library');
  install(OURS, broken);
  assert.match(load().stderr, /The file is there and does not load: install again/);
});

test('a path that does not load is the only one that is tried', () => {
  install(OURS, ADDON);
  const { stderr } = load([], { LIBMAXIM_NODE_ADDON: join(folder, 'none.node') });
  assert.match(stderr, /none\.node: .*\nLIBMAXIM_NODE_ADDON names a file that does not load/);
  assert.ok(!stderr.includes('@libmaxim'));
});

// Bun and Deno have permissions of their own.
if (NODE) {
  test('with --permission it says what to allow', () => {
    install(OURS, ADDON);
    const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
    const { stderr } = load([permission, '--allow-fs-read=*']);
    assert.match(stderr, /Node runs with --permission: allow addons with --allow-addons/);
    assert.equal(load([permission, '--allow-fs-read=*', '--allow-fs-write=*', '--allow-addons']).status, 0);
  });
}
assert.ok(existsSync(ADDON));
