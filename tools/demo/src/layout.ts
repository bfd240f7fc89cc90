import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Where the demo keeps its things. Everything is made anew at each start. */
export interface DemoLayout {
  readonly root: string;
  readonly manifest: string;
  readonly supervisorPid: string;
  readonly logs: string;
  readonly data: (name: string) => string;
  readonly log: (name: string) => string;
}

export function demoLayout(dir: string): DemoLayout {
  const root = resolve(dir);
  return {
    root,
    manifest: join(root, 'demo.json'),
    supervisorPid: join(root, 'supervisor.pid'),
    logs: join(root, 'logs'),
    data: (name) => join(root, name),
    log: (name) => join(root, 'logs', `${name}.log`),
  };
}

/** What an earlier run may have left in the folder. */
const ours = new Set([
  ...['demo.json', 'demo.json.next', 'supervisor.pid', 'logs', 'secrets', 'gateways'],
  ...['redis', 'postgres', 'pebble', 'sshd', 'nginx', 'screenshots', 'failed-logs'],
]);

/**
 * Empties the folder of an earlier run.
 * @throws Error when something lies in it that no demo has made: it may be anybody's folder
 */
export async function freshLayout(dir: string): Promise<DemoLayout> {
  const layout = demoLayout(dir);
  const foreign = (await readdir(layout.root).catch(() => [])).find((name) => !ours.has(name));
  if (foreign !== undefined)
    throw new Error(`${layout.root} would be emptied, but holds ${foreign}: name another folder by --dir`);
  await rm(layout.root, { recursive: true, force: true, maxRetries: 5 });
  await mkdir(layout.logs, { recursive: true });
  return layout;
}

/** The checkout that the demo runs from; apps' bundles lie below it. */
export const checkout = resolve(__dirname, '../../..');
export const bundle = (app: string): string => join(checkout, 'apps', app, 'dist', 'main.js');
