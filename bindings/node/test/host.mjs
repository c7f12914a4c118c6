// A host process for the tests: does what its argument says, and ends in that way.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { Logger } from '../index.mjs';
import { until } from './support.mjs';

const options = { apiKey: process.env.MAXIM_TEST_KEY, id: 'host', flushIntervalMs: 60_000 };

/** Logs records marked seq-NAME-0 and so on. */
function log(logger, name, count) {
  const trace = logger.resumeTrace('host');
  for (let i = 0; i < count; i++) trace.addTag('mark', `seq-${name}-${i} `);
}

const self = fileURLToPath(import.meta.url);
// Node and Deno have it with --expose-gc.
const collect = () => (globalThis.Bun ? globalThis.Bun.gc(true) : globalThis.gc());
const megabytes = () => process.memoryUsage().rss / 2 ** 20;

const VERBS = {
  exit() {
    log(new Logger(options), 'a', 1000);
    process.exit(0);
  },
  'exit-flushing'() {
    const logger = new Logger(options);
    log(logger, 'a', 1000);
    logger.flush();
    logger.close();
    process.exit(0);
  },
  // A close that has ten minutes, at a service that takes nothing.
  'exit-closing'() {
    const logger = new Logger(options);
    log(logger, 'a', 1000);
    logger.close(600_000);
    setTimeout(() => process.exit(0), 50);
  },
  kill() {
    log(new Logger(options), 'a', 1000);
    process.kill(process.pid, 'SIGKILL');
  },
  throw() {
    log(new Logger(options), 'a', 1000);
    throw new Error('on purpose');
  },
  // One worker closes, one is terminated while it flushes, one just ends.
  async worker() {
    const workers = ['close', 'terminate', 'end'].map((how) => new Worker(self, { argv: ['in-worker'], workerData: how }));
    await Promise.all(
      workers.map(async (worker) => {
        // Both at once: a worker's last message and its exit may arrive together.
        const exited = once(worker, 'exit');
        const [how] = await once(worker, 'message');
        if (how === 'terminate') await worker.terminate();
        await exited;
      }),
    );
  },
  async 'in-worker'() {
    const { parentPort } = await import('node:worker_threads');
    const logger = new Logger(options);
    log(logger, workerData, 1000);
    if (workerData === 'terminate') logger.flush(10_000);
    parentPort.postMessage(workerData);
    if (workerData === 'close') await logger.close();
  },
  // Workers end without a word; the process goes on, and nobody makes another logger.
  async 'forgotten-workers'() {
    for (const how of ['end', 'exit', 'throw']) {
      const worker = new Worker(self, { argv: ['in-forgotten-worker'], workerData: how });
      worker.on('error', () => {});
      await once(worker, 'exit').catch(() => {});
    }
    await until(async () => (await (await fetch(`${process.env.MAXIM_BASE_URL}/stats`)).json()).lines === 3_000);
  },
  async 'in-forgotten-worker'() {
    log(new Logger(options), workerData, 1000);
    if (workerData === 'exit') process.exit(0);
    if (workerData === 'throw') throw new Error('on purpose');
  },
  // A program that neither flushes nor closes, and ends by itself.
  short() {
    log(new Logger(options), 'short', 10);
  },
  // The event loop goes on while a flush waits, also on Lambda, where the library has no thread of its own for that.
  async lambda() {
    const logger = new Logger(options);
    log(logger, 'lambda', 10);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await logger.flush(120_000);
    clearInterval(timer);
    process.stdout.write(String(ticks));
    await logger.close(0);
  },
  async fork() {
    const logger = new Logger(options);
    const child = fork(self, ['child', 'c']);
    log(logger, 'p', 1000);
    await once(child, 'exit');
    await logger.close();
  },
  child() {
    log(new Logger(options), process.argv[3] ?? `c${cluster.worker.id}`, 1000);
    process.exit(0);
  },
  async cluster() {
    cluster.setupPrimary({ exec: self, args: ['child'] });
    await Promise.all([cluster.fork(), cluster.fork()].map((worker) => once(worker, 'exit')));
  },
  async gc() {
    const kept = new Logger(options);
    const trace = kept.trace();
    // Each logger has a thread.
    const threads = () => readdirSync('/proc/self/task').length;
    const before = threads();
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 5; i++) {
        const dropped = new Logger(options).trace({ name: 'dropped' });
        dropped.addMetadata({ round });
        dropped.addSpan({ name: 'x' }).addTag('a', 'b');
      }
      collect();
      trace.addTag('a', 'b');
      await new Promise(setImmediate);
    }
    // The last ones may stay: the stack is looked through conservatively in some runtimes.
    const allowed = before + 10;
    await until(() => {
      collect();
      return threads() <= allowed;
    });
    assert.equal(kept.stats().accepted, 21);
    await kept.close();
  },
  async million() {
    const logger = new Logger(options);
    const trace = logger.trace();
    const calls = async (count) => {
      for (let i = 0; i < count; i++) {
        if (i % 4 === 0) trace.addMetadata({ i });
        else trace.addTag('key', 'value');
        if (i % 50_000 === 0) await logger.flush();
      }
      await logger.flush();
      collect();
      return megabytes();
    };
    // The first round fills caches, pools and the spool's segments.
    const before = await calls(250_000);
    const after = await calls(1_000_000);
    assert.ok(after - before < 16, `grew from ${before.toFixed(0)} to ${after.toFixed(0)} MiB`);
    await logger.close();
  },
};

await VERBS[process.argv[2]]();
