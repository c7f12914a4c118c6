// Programs that use the package, bundled by real bundlers or run by Jest: each loads the addon and logs.
//
//     node run.mjs USER TOOLS URL
//
// USER is a folder where the package is installed as a user has it, TOOLS has the bundlers in node_modules, URL is a
// maxim-dev's. Prints one line for each; ends with an error when one fails. The caller counts what arrived.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [user, tools, url] = process.argv.slice(2);
const require = createRequire(join(tools, 'index.js'));
const environment = { ...process.env, MAXIM_BASE_URL: url, LIBMAXIM_NODE_ADDON: '' };

const BODY = `
const url = process.env.MAXIM_BASE_URL;
const onError = (error) => { throw error; };
const log = new LogClient({ source: 'bundle', apiKey: 'key', endpoint: url, onError });
log.info('from ' + process.env.BUNDLE);
const logger = new Logger({ repositoryId: 'bundles', apiKey: 'key', baseUrl: url, onError });
logger.trace({ name: 'from ' + process.env.BUNDLE }).end();
const main = async () => { console.log(version, await log.close(), await logger.close()); };
main();
`;
const esm = join(user, 'app.mjs');
const cjs = join(user, 'app.cjs');
writeFileSync(esm, `import { Logger, LogClient, version } from 'libmaxim';\n${BODY}`);
writeFileSync(cjs, `const { Logger, LogClient, version } = require('libmaxim');\n${BODY}`);

const out = (name) => {
  const folder = join(user, 'dist', name);
  mkdirSync(folder, { recursive: true });
  return folder;
};

/** Runs a bundle, from another folder than its own. */
function run(name, file, options = {}) {
  const said = execFileSync(process.execPath, [file], {
    encoding: 'utf8',
    cwd: tmpdir(),
    env: { ...environment, BUNDLE: name },
    ...options,
  });
  assert.match(said, /^\d+\.\d+\.\d+ 0 0\n$/, name);
  console.log(`bundled: ${name}`);
}

const esbuild = require('esbuild');
const built = {};
for (const format of ['cjs', 'esm']) {
  for (const kind of ['bundled', 'external']) {
    const name = `esbuild ${format} ${kind}`;
    const outfile = join(out(name), format === 'esm' ? 'app.mjs' : 'app.cjs');
    const { warnings } = await esbuild.build({
      entryPoints: [format === 'esm' ? esm : cjs],
      bundle: true,
      platform: 'node',
      format,
      outfile,
      external: kind === 'external' ? ['libmaxim'] : [],
      logLevel: 'silent',
    });
    assert.deepEqual(warnings, [], name);
    run(name, outfile);
    built[`${format} ${kind}`] = outfile;
  }
}

const webpack = require('webpack');
/** What Next.js does for the server with a package of serverExternalPackages. */
const nextExternals = [({ request }, done) => (request === 'libmaxim' ? done(null, `commonjs ${request}`) : done())];
for (const [name, entry, externals, module] of [
  ['webpack bundled', esm, [], false],
  ['webpack bundled as a module', esm, [], true],
  ['webpack external', cjs, { libmaxim: 'commonjs libmaxim' }, false],
  ['webpack as Next.js for serverExternalPackages', esm, nextExternals, false],
]) {
  const path = out(name);
  const filename = module ? 'app.mjs' : 'app.cjs';
  const stats = await new Promise((resolve, reject) => {
    const output = { path, filename, ...(module && { module: true, chunkFormat: 'module' }) };
    webpack(
      { mode: 'production', target: 'node', entry, externals, output, experiments: { outputModule: module }, context: user },
      (error, result) => (error ? reject(error) : resolve(result)),
    );
  });
  assert.deepEqual(stats.toJson({ all: false, errors: true, warnings: true }).errors, [], name);
  assert.deepEqual(stats.toJson({ all: false, warnings: true }).warnings, [], name);
  run(name, join(path, filename));
}

const { rollup } = require('rollup');
const { nodeResolve } = require('@rollup/plugin-node-resolve');
const commonjs = require('@rollup/plugin-commonjs');
for (const [name, format, external] of [
  ['Rollup to a module', 'es', []],
  ['Rollup to CommonJS', 'cjs', []],
  ['Rollup external', 'es', ['libmaxim']],
]) {
  const warnings = [];
  const bundle = await rollup({
    input: esm,
    external,
    plugins: [nodeResolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs()],
    onwarn: (warning) => warnings.push(warning.message),
  });
  const file = join(out(name), format === 'es' ? 'app.mjs' : 'app.cjs');
  await bundle.write({ file, format });
  assert.deepEqual(warnings, [], name);
  run(name, file);
}

// A bundle far from node_modules: with the addon beside it, and without any.
const platform = readdirSync(join(user, 'node_modules/@libmaxim'))[0];
const addon = join(user, 'node_modules/@libmaxim', platform, 'maxim.node');
const far = mkdtempSync(join(tmpdir(), 'maxim-bundle-'));
for (const format of ['cjs', 'esm']) {
  const file = join(far, format === 'esm' ? 'app.mjs' : 'app.cjs');
  copyFileSync(built[`${format} bundled`], file);
  const { status, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8', cwd: tmpdir(), env: environment });
  assert.notEqual(status, 0);
  assert.match(stderr, /This is a bundle: mark libmaxim as external.*copy its maxim\.node beside the bundle/, `${format}: ${stderr}`);
  copyFileSync(addon, join(far, 'maxim.node'));
  run(`moved with its addon ${format}`, file);
  rmSync(join(far, 'maxim.node'));
}
rmSync(far, { recursive: true });

// A test of a program that logs, as Jest runs it.
const project = join(user, 'jest');
mkdirSync(project, { recursive: true });
writeFileSync(join(project, 'package.json'), '{ "name": "tested", "jest": { "testEnvironment": "node" } }');
for (const name of ['one', 'two']) {
  writeFileSync(
    join(project, `${name}.test.js`),
    `const { Logger, LogClient } = require('libmaxim');
     test('${name}', async () => {
       const log = new LogClient({ source: 'jest', apiKey: 'key', endpoint: process.env.MAXIM_BASE_URL });
       const logger = new Logger({ repositoryId: 'jest', apiKey: 'key', baseUrl: process.env.MAXIM_BASE_URL });
       log.info('from Jest ${name}');
       logger.trace({ name: 'from Jest ${name}' }).end();
       // One client is closed; the logger is forgotten, as in most programs.
       expect(await log.close()).toBe(0);
       expect(await logger.flush()).toBe(0);
     });`,
  );
}
for (const flags of [['--detectOpenHandles'], ['--maxWorkers=2']]) {
  const jest = [require.resolve('jest/bin/jest'), '--rootDir', project, '--no-cache', ...flags];
  const { status, stderr } = spawnSync(process.execPath, jest, { encoding: 'utf8', cwd: project, env: environment, timeout: 120_000 });
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /open handle|did not exit|failed to exit|forced? exit/i);
  console.log(`Jest ${flags.join(' ')}: ${stderr.match(/Tests:.*/)[0]}`);
}
assert.ok(!existsSync(join(user, 'build')));
