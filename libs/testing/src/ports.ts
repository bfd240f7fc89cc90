import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  unlinkSync,
  writeSync,
  chmodSync,
} from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './process-table';
import { StartError } from './start-error';

/** Below 32768, where Linux begins to hand out ports to outgoing connections. */
const first = 10_000;
const last = 32_000;

const folder = join(tmpdir(), 'viw-ports');
const taken = new Set<number>();

/**
 * A TCP and UDP port on 127.0.0.1 that nothing listens on, from 10000 to 32000.
 * Never the same twice in one process; other processes that ask here do not get it as long as this one lives (a
 * lock file per port holds our pid). A program that does not ask here can still take it before it is used.
 */
export async function freePort(): Promise<number> {
  if (taken.size === 0) prepare();
  const start = first + Math.floor(Math.random() * (last - first));
  for (let step = 0; step < last - first; step++) {
    const port = first + ((start - first + step) % (last - first));
    if (taken.has(port) || !lock(port)) continue;
    taken.add(port);
    if ((await bindsTcp(port)) && (await bindsUdp(port))) return port;
  }
  throw new StartError('no-resource', `no free port from ${first} to ${last}`);
}

/** Makes the lock folder (shared by all users, like the folder above it) and drops what dead processes left. */
function prepare(): void {
  mkdirSync(folder, { recursive: true });
  try {
    chmodSync(folder, 0o1777);
  } catch {
    // Another user's: it has set the mode already.
  }
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    try {
      const pid = Number(readFileSync(path, 'utf8'));
      // An empty file is one that its maker is about to write.
      if (pid > 0 && !isAlive(pid)) unlinkSync(path);
    } catch {
      // Gone meanwhile, or another user's: then that port stays unused.
    }
  }
  process.once('exit', () => {
    for (const port of taken) unlock(port);
  });
}

function lock(port: number): boolean {
  try {
    const file = openSync(join(folder, String(port)), 'wx', 0o644);
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch {
    return false;
  }
}

function unlock(port: number): void {
  try {
    unlinkSync(join(folder, String(port)));
  } catch {
    // The next process that asks for a port clears it away.
  }
}

function bindsTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function bindsUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
