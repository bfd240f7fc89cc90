import { chmod, chown, lstat, mkdir, unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { dirname } from 'node:path';
import { encodeHelperMessage, HelperMessageReader } from '@viw/commands';
import type { HelperReply } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import { groupId } from './group-id';
import { refusal } from './request-handler';

const SOCKET_MODE = 0o660;
/** For a whole message to come in, and for an answer to be taken: however slowly its bytes come, a connection is held no longer. */
const PATIENCE_MS = 5_000;
const CONNECTIONS_MAX = 64;
/** sun_path of unix(7) holds 108 bytes with its final NUL. */
const PATH_BYTES_MAX = 107;

export interface SocketServerOptions {
  readonly path: string;
  readonly group?: string | undefined;
  /** Descriptor of a socket that listens already. Its file, owner and mode are of whoever made it. */
  readonly inherited?: number | undefined;
}

export interface SocketServerDeps {
  /** Never throws. */
  readonly handle: (message: unknown) => Promise<HelperReply>;
  readonly logger: Logger;
}

/** The helper's Unix socket: messages in, replies out, one at a time per connection. */
export class SocketServer implements Component {
  readonly name = 'socket-server';
  readonly #options: SocketServerOptions;
  readonly #deps: SocketServerDeps;
  readonly #server: Server;
  /** Connection → whether a request of it is being worked on. */
  readonly #connections = new Map<Socket, { busy: boolean }>();
  #stopping = false;

  constructor(options: SocketServerOptions, deps: SocketServerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws AppError BIND_FAILED when another process listens there, or the path cannot be used */
  async start(): Promise<void> {
    const { path, group, inherited } = this.#options;
    if (inherited !== undefined) return this.#adopt(inherited);
    const gid = group === undefined ? undefined : await groupId(group);
    if (Buffer.byteLength(path) > PATH_BYTES_MAX)
      throw bindFailed(path, `longer than ${PATH_BYTES_MAX} bytes`);
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    await removeStale(path);
    await this.#listen(path);
    if (gid !== undefined) await chown(path, -1, gid);
    await chmod(path, SOCKET_MODE);
  }

  /** Requests under way are answered first. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#stopping = true;
    for (const [socket, { busy }] of this.#connections) if (!busy) socket.destroy();
    await closed;
  }

  #adopt(fd: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(bindFailed('the inherited socket', error.code)),
      );
      this.#server.listen({ fd }, () => resolve());
    });
  }

  #listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(bindFailed(path, error.code)));
      // The socket file is made within this call; nobody may connect before its mode is right.
      const before = process.umask(0o777 & ~SOCKET_MODE);
      try {
        this.#server.listen(path, () => resolve());
      } finally {
        process.umask(before);
      }
    });
  }

  #serve(socket: Socket): void {
    const state = { busy: false };
    const reader = new HelperMessageReader();
    let timer: NodeJS.Timeout | undefined;
    const hurry = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    };
    this.#connections.set(socket, state);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#connections.delete(socket);
    });
    socket.on('error', () => socket.destroy());
    hurry();
    socket.on('data', (chunk: Buffer) => {
      const messages = this.#read(socket, reader, chunk);
      if (messages.length === 0) return;
      // Read on only when what came has been answered: a connection cannot pile up work.
      socket.pause();
      clearTimeout(timer);
      state.busy = true;
      void this.#answer(socket, messages).finally(() => {
        state.busy = false;
        if (this.#stopping) return socket.end(() => socket.destroy());
        hurry();
        return socket.resume();
      });
    });
  }

  /** Nothing when a message is not complete yet; what is none ends the connection. */
  #read(socket: Socket, reader: HelperMessageReader, chunk: Buffer): unknown[] {
    try {
      return reader.push(chunk);
    } catch (error) {
      const reply = refusal(error);
      this.#deps.logger.warn({ event: 'request_refused', code: reply.error?.code }, 'unreadable message');
      socket.removeAllListeners('data').resume();
      socket.end(encodeHelperMessage(reply));
      return [];
    }
  }

  async #answer(socket: Socket, messages: readonly unknown[]): Promise<void> {
    for (const message of messages) {
      if (!socket.writable) return;
      const reply = encodeHelperMessage(await this.#deps.handle(message));
      if (socket.writable && !socket.write(reply)) await taken(socket);
    }
  }
}

/** Resolves when the other side has read what was written. One that does not is cut off. */
function taken(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    const done = (): void => {
      clearTimeout(timer);
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.once('drain', done).once('close', done);
  });
}

const bindFailed = (path: string, reason = 'unknown reason'): AppError =>
  new AppError('BIND_FAILED', `cannot listen on ${path}: ${reason}`, { meta: { address: path, reason } });

/** Removes the file of a helper that died. One on which somebody listens, or that is no socket, stays. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw bindFailed(path, 'there is another file');
  const listening = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
  if (listening) throw bindFailed(path, 'another process listens there');
  await unlink(path);
}
