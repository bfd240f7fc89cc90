import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import WebSocket from 'ws';
import { signHandshake } from '@viw/agent-auth';
import { hubFrame } from '@viw/contracts';
import type { HubFrame } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { secret } from './test-hub';

export { uniqueAgent } from './test-registry';

export const signed = (agentId: string, change: Partial<Parameters<typeof signHandshake>[0]> = {}) =>
  signHandshake({ secret, agentId, path: '/agent/ws', now: Date.now(), ...change });

type Frame<T extends HubFrame['type']> = Extract<HubFrame, { type: T }>;

/** The other end of the protocol, with nothing of its own: says what it is told to and keeps what it hears. */
export class TestAgent {
  readonly received: HubFrame[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  #taken = 0;

  constructor(
    readonly id: string,
    socket: WebSocket,
  ) {
    this.#socket = socket;
    socket.on('message', (data) =>
      this.received.push(hubFrame.parse(JSON.parse((data as Buffer).toString()))),
    );
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', resolve));
  }

  get isClosed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  raw(data: string | Buffer, options: { binary?: boolean } = {}): void {
    this.#socket.send(data, options);
  }

  send(frame: object): void {
    this.raw(JSON.stringify(frame));
  }

  ping(payload: Buffer): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping(payload);
  }

  hello(more: object = {}): void {
    this.send({ type: 'HELLO', agent_id: this.id, version: '1.0.0', capabilities: [], ...more });
  }

  telemetry(seq?: number, more: object = {}): void {
    const ts = new Date().toISOString();
    this.send({
      type: 'TELEMETRY',
      agent_id: this.id,
      ts,
      ...(seq !== undefined && { seq }),
      metrics: { cpu_pct: 1 },
      ...more,
    });
  }

  result(correlationId: string, more: object = {}): string {
    const resultId = randomUUID();
    const at = new Date().toISOString();
    this.send({
      type: 'RESULT',
      result_id: resultId,
      correlation_id: correlationId,
      agent_id: this.id,
      verb: 'list_users',
      status: 'success',
      rc: 0,
      stdout: '{}',
      stderr: '',
      truncated: false,
      duration_ms: 5,
      started_at: at,
      finished_at: at,
      ...more,
    });
    return resultId;
  }

  all<T extends HubFrame['type']>(type: T): Frame<T>[] {
    return this.received.filter((frame): frame is Frame<T> => frame.type === type);
  }

  /** The next frame of this type that `next` has not returned yet; frames of other types before it are passed over. */
  async next<T extends HubFrame['type']>(type: T, timeoutMs = 30_000): Promise<Frame<T>> {
    return eventually(
      () => {
        const index = this.received.findIndex((frame, at) => at >= this.#taken && frame.type === type);
        if (index < 0) throw new Error(`so far: ${this.received.map((frame) => frame.type).join(', ')}`);
        this.#taken = index + 1;
        return this.received[index] as Frame<T>;
      },
      { what: `${type} for ${this.id}`, everyMs: 10, timeoutMs },
    );
  }

  close(code = 1000): Promise<number> {
    this.#socket.close(code);
    return this.closed;
  }

  /** As when the host loses its network. */
  cut(): void {
    this.#socket.terminate();
  }

  /** Hears nothing more and answers no ping, without closing. */
  freeze(): void {
    this.#socket.pause();
  }
}

export interface DialOptions {
  readonly path?: string;
  /** Loopback address from which to dial. */
  readonly from?: string;
}

/** Connects; resolves when the socket is open. */
export const dial = (url: string, agentId: string, options: DialOptions = {}): Promise<TestAgent> =>
  dialWith(url, agentId, signed(agentId, { path: options.path ?? '/agent/ws' }), options);

/** What a client shows in the TLS handshake, and whose certificate it accepts. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2';
}

/** Connects with these headers and, over `wss:`, with this certificate. */
export async function dialWith(
  url: string,
  agentId: string,
  headers: Record<string, string>,
  { path = '/agent/ws', from, tls }: DialOptions & { readonly tls?: ClientTls } = {},
): Promise<TestAgent> {
  const socket = new WebSocket(`${url}${path}`, ['viworks-agent-v1'], {
    headers,
    ...tls,
    ...(from !== undefined && { localAddress: from }),
  });
  const agent = new TestAgent(agentId, socket);
  await once(socket, 'open');
  return agent;
}

/** Connects, says HELLO and waits for WELCOME. */
export async function join(
  url: string,
  agentId: string,
  hello: object = {},
  options: DialOptions = {},
): Promise<TestAgent> {
  const agent = await dial(url, agentId, options);
  agent.hello(hello);
  await agent.next('WELCOME');
  return agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: { error?: { code: string; msg: string }; server_time?: string };
}

/** An upgrade request that is expected to be refused. */
export function upgrade(
  port: number,
  headers: Record<string, string>,
  path = '/agent/ws',
  method = 'GET',
  { tls, from }: { readonly tls?: ClientTls; readonly from?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = (tls ? requestTls : request)({
      ...tls,
      port,
      host: '127.0.0.1',
      path,
      method,
      ...(from !== undefined && { localAddress: from }),
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': Buffer.from(randomUUID().slice(0, 16)).toString('base64'),
        ...headers,
      },
    });
    asked.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: JSON.parse(text) as Answer['body'],
        }),
      );
    });
    asked.on('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new Error('it was let in'));
    });
    asked.on('error', reject);
    asked.end();
  });
}
