import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { encodeHelperMessage, HelperMessageReader, helperRequestMac } from '@viw/commands';
import { helperRequest } from '@viw/contracts';
import type { HelperReply, HelperRequest } from '@viw/contracts';

export const helperSecret = 'the secret between agent and helper in these tests';

export const success: HelperReply = {
  status: 'success',
  rc: 0,
  stdout: 'done',
  stderr: '',
  truncated: false,
  duration_ms: 1,
};

/**
 * Stands at the helper's socket where a test must hold an answer back or break a connection, which the real helper
 * would not do on command. It speaks the real wire and refuses what the real one would: wrong HMAC, wrong schema.
 */
export class ScriptedHelper {
  /** Requests for verbs of the catalogue, in order. */
  readonly requests: HelperRequest[] = [];
  answer: (request: HelperRequest, socket: Socket) => Promise<HelperReply | undefined> = async () => success;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  constructor(readonly path: string) {}

  async start(): Promise<this> {
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
      const reader = new HelperMessageReader();
      socket.on('data', (chunk: Buffer) => {
        for (const message of reader.push(chunk)) void this.#handle(message as HelperRequest, socket);
      });
    });
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
    this.#server = server;
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) =>
      this.#server === undefined ? resolve(undefined) : this.#server.close(resolve),
    );
    this.#server = undefined;
    await rm(this.path, { force: true });
  }

  of(correlationId: string): HelperRequest[] {
    return this.requests.filter(({ correlation_id }) => correlation_id === correlationId);
  }

  async #handle(message: HelperRequest, socket: Socket): Promise<void> {
    const request = helperRequest.parse(message);
    const { hmac, ...signed } = message;
    if (hmac !== helperRequestMac(helperSecret, signed)) return void socket.destroy();
    if (request.verb === 'describe') {
      return void socket.write(encodeHelperMessage({ ...success, stdout: '{"verbs":["list_users"]}' }));
    }
    if (request.jws === undefined) {
      const stdout = '{"services":{"openvpn":"active"}}';
      return void socket.write(encodeHelperMessage({ ...success, stdout }));
    }
    this.requests.push(request);
    const reply = await this.answer(request, socket);
    if (reply !== undefined) socket.write(encodeHelperMessage(reply));
  }
}
