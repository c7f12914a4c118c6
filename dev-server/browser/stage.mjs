// What the browser tests share: a maxim-dev process, a browser that notices what it must not do, and waiting.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

/** How long anything may take, on a slow machine that has other things to do. */
const WAIT_MS = 180_000;

/** A running maxim-dev; it ends with stop(), or with this process. */
export async function startServer(...flags) {
  const child = spawn(process.env.MAXIM_DEV, ['--port', '0', '--exit-when-stdin-closes', '--mode', 'tree', ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise((resolve) => { lines.once('line', (line) => resolve(line.split(' ').pop())); });
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  return { url, port: new URL(url).port, stop: () => { child.stdin.end(); return ended; } };
}

/**
 * A program that logs by the library itself, told what to do a verb after the other (tests/c/probe.c); it waits where it
 * is told to until go() is called. It ends with stop(), or with this process.
 */
export function startProgram(url, spool, ...verbs) {
  const env = { ...process.env, MAXIM_BASE_URL: url, MAXIM_API_KEY: `key-of-${spool}`, MAXIM_SPOOL_DIR: spool, PROBE_REPOSITORY: 'outage', PROBE_FLUSH_MS: '50' };
  const child = spawn(process.env.PROBE, verbs, { env, stdio: ['pipe', 'inherit', 'ignore'] });
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  return { pid: child.pid, go: () => child.stdin.write('\n'), stop: () => { child.kill('SIGKILL'); return ended; } };
}

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });

/** A page that may speak to the server alone, and in which nothing may fail or run that is not the server's. */
export async function openPage(browser, server, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const faults = [];
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(server.url) && !url.startsWith('data:') && !url.startsWith('blob:') && !url.startsWith('file:')) faults.push(`a request to ${url}`);
  });
  page.on('pageerror', (error) => faults.push(`a script failed: ${error.message}`));
  page.on('dialog', (dialog) => { faults.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('console', (message) => { if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) faults.push(`console: ${message.text()}`); });
  return { context, page, faults };
}
