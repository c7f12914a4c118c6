// What the tests share: a maxim-dev process, scratch directories, and waiting for a condition.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The key of this run alone, and of the processes that it starts: what earlier tests left for a server at the same port
 * is not adopted. */
export const KEY = (process.env.MAXIM_TEST_KEY ??= `key-${process.pid}-${Date.now()}`);

/** A directory of the test's own. What still writes into it (a server, a logger that was let go) may do so while it is
 * being removed, and Node's own retries would not remove the new files. */
export function scratch() {
  const path = mkdtempSync(join(tmpdir(), 'maxim-node-'));
  const remove = () =>
    until(() => {
      try {
        rmSync(path, { recursive: true, force: true });
        return true;
      } catch (error) {
        if (error.code !== 'ENOTEMPTY') throw error;
        return false;
      }
    });
  return { path, remove };
}

/** A running maxim-dev; it ends with this process. */
export async function startServer(flags = []) {
  const child = spawn(
    join(ROOT, 'build/bin/maxim-dev'),
    ['--port', '0', '--exit-when-stdin-closes', ...(flags.includes('--mode') ? [] : ['--mode', 'quiet']), ...flags],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  child.stdout.setEncoding('utf8');
  let said = '';
  while (!said.includes('\n')) said += (await once(child.stdout, 'data'))[0];
  const url = said.match(/http:\S+/)[0];
  child.unref();
  child.stdin.unref?.();
  child.stdout.unref?.();
  const get = async (path) => (await fetch(`${url}${path}`)).json();
  return {
    url,
    get,
    stats: () => get('/stats'),
    control: (behaviour) => fetch(`${url}/control`, { method: 'POST', body: JSON.stringify(behaviour) }),
    stop: () => child.kill(),
  };
}

/** Waits until `check` gives something true; the test runner's timeout is the limit. */
export async function until(check) {
  for (;;) {
    const value = await check();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The JSON lines of a file. */
export const jsonLines = (path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** A Maxim log line in its parts. */
export function parseLine(line) {
  const match = /^([a-z_]+)\{id=([^,]*),action=([a-z-]+),data=(.*)\}$/s.exec(line);
  if (!match) throw new Error(`not a line: ${line}`);
  return { entity: match[1], id: match[2], action: match[3], data: JSON.parse(match[4]) };
}
