// Packs the package and that of a platform: `node scripts/package.mjs FOLDER [PLATFORM]`, where FOLDER has
// maxim.node and PLATFORM is another than this one (linux-arm64-musl). A release runs this once per platform and
// publishes all of them; npm then installs the one
// that fits, by `os`, `cpu` and `libc`.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PLATFORMS = [
  { os: 'linux', cpu: 'x64', libc: 'glibc' },
  { os: 'linux', cpu: 'arm64', libc: 'glibc' },
  { os: 'linux', cpu: 'x64', libc: 'musl' },
  { os: 'linux', cpu: 'arm64', libc: 'musl' },
  { os: 'darwin', cpu: 'x64' },
  { os: 'darwin', cpu: 'arm64' },
];
const nameOf = ({ os, cpu, libc }) => `@libmaxim/${os}-${cpu}${libc ? (libc === 'glibc' ? '-gnu' : '-musl') : ''}`;

const source = dirname(dirname(fileURLToPath(import.meta.url)));
const licences = ['LICENSE-MIT', 'LICENSE-APACHE'].map((name) => [join(source, '../..', name), name]);
const out = resolve(process.argv[2]);
const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));

/** Packs a folder of files under a manifest. */
function pack(folder, content, files) {
  const work = join(out, folder);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  for (const [from, to] of files) cpSync(from, join(work, to), { recursive: true });
  writeFileSync(join(work, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', out, work], { stdio: 'inherit' });
}

const glibc = process.report.getReport().header.glibcVersionRuntime;
const wanted = process.argv[3];
const here = PLATFORMS.find((platform) => {
  const { os, cpu, libc } = platform;
  if (wanted) return nameOf(platform) === `@libmaxim/${wanted}`;
  return os === process.platform && cpu === process.arch && (!libc || libc === (glibc ? 'glibc' : 'musl'));
});
if (!here) throw new Error(`no package is made for ${wanted ?? `${process.platform} ${process.arch}`}`);
const { version, license, engines } = manifest;
const { os, cpu, libc } = here;
pack(
  'platform',
  { name: nameOf(here), version, license, engines, main: 'maxim.node', os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) },
  [[join(out, 'maxim.node'), 'maxim.node'], ...licences],
);

const { scripts: _scripts, devDependencies: _devDependencies, ...published } = manifest;
pack(
  'package',
  { ...published, optionalDependencies: Object.fromEntries(PLATFORMS.map((platform) => [nameOf(platform), version])) },
  [
    ...['index.js', 'index.mjs', 'index.d.ts', 'index.d.mts', 'lib', 'adapters', 'README.md'].map((name) => [join(source, name), name]),
    ...licences,
  ],
);
