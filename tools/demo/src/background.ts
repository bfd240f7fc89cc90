import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from '@viw/testing';
import { demoLayout } from './layout';
import { readManifest } from './manifest';
import type { Progress } from './progress';

/** Starts the demo as a process of its own and returns when `demo.json` is there, which is the last thing it writes. */
export async function startDetached(dir: string, progress: Progress, ending: AbortSignal): Promise<number> {
  const layout = demoLayout(dir);
  const logFile = `${layout.root}.log`;
  await mkdir(layout.root, { recursive: true });
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(process.execPath, [process.argv[1] ?? '', '--supervise', `--dir=${layout.root}`], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  let ended = false;
  const end = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void end.then(() => (ended = true));
  progress.say(`viw demo: starting in the background (progress in ${logFile})`);
  const startedAt = Date.now();
  while (!ended) {
    // In this order: an earlier run's manifest is gone by the time the new one has written its process id.
    const isOurs = (await runningPid(layout.supervisorPid)) === child.pid;
    const manifest = isOurs ? await readManifest(layout.manifest).catch(() => undefined) : undefined;
    if (manifest) {
      child.unref();
      progress.say(
        `viw demo: ready after ${progress.elapsed()}: ${manifest.panel_url}   (sign-in in ${layout.manifest})`,
      );
      return 0;
    }
    if (ending.aborted || Date.now() - startedAt > 180_000) break;
    await pause(100);
  }
  if (!ended) child.kill('SIGTERM');
  await end;
  progress.say(await readFile(logFile, 'utf8'));
  return 1;
}

/** Ends the demo that runs in the background and waits until it is gone. */
export async function stopDetached(dir: string, progress: Progress): Promise<number> {
  const pid = await runningPid(demoLayout(dir).supervisorPid);
  if (pid === undefined) {
    progress.say('viw demo: none is running');
    return 0;
  }
  process.kill(pid, 'SIGTERM');
  const deadline = Date.now() + 60_000;
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      progress.say(`viw demo: process ${pid} does not end; see its logs`);
      return 1;
    }
    await pause(100);
  }
  progress.say('viw demo: ended');
  return 0;
}

/** Process id of the demo that lives in the folder. */
export const runningDemo = (dir: string): Promise<number | undefined> =>
  runningPid(demoLayout(dir).supervisorPid);

/** The supervisor's process id, if it lives and has not become another program's (after a crash or a reboot). */
async function runningPid(file: string): Promise<number | undefined> {
  const pid = Number(await readFile(file, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return command === undefined || /\bdist\/main\.js\0/.test(command) ? pid : undefined;
}
