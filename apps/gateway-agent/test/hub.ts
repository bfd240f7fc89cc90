import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { Socket } from 'node:net';
import { verifyHandshake } from '@viw/agent-auth';
import { agentFrame, handshakeStatus, hubFrame, subprotocol } from '@viw/contracts';
import type { AgentFrame, HandshakeErrorCode, HubFrame } from '@viw/contracts';
import { eventually, freePort } from '@viw/testing';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';

export const sharedSecret = 'the shared secret of these tests';

export interface Connection {
  readonly socket: WebSocket;
  readonly headers: IncomingHttpHeaders;
  readonly protocol: string;
  readonly frames: AgentFrame[];
  closed?: { code: number; reason: string };
}

type Of<T extends AgentFrame['type']> = Extract<AgentFrame, { type: T }>;

/** The hub's side of the protocol: a real server that checks every handshake and every frame by the contracts. */
export class TestHub {
  readonly connections: Connection[] = [];
  /** When each attempt came, `performance.now()`. */
  readonly attempts: number[] = [];
  readonly refusals: HandshakeErrorCode[] = [];
  /** The hub's clock, in milliseconds ahead of ours. */
  aheadMs = 0;
  /** Answers HELLO_ACK and HELLO. */
  greets = true;
  acknowledgesResults = true;
  heartbeatS = 20;
  /** Consulted before the handshake is checked. */
  refuseWith: ((attempt: number) => { code: HandshakeErrorCode; headers?: string[] } | undefined) | undefined;
  #server: Server | undefined;
  #sockets = new Set<Socket>();
  #port: number | undefined;

  async start(): Promise<this> {
    const server = createServer((_request, response) => response.writeHead(404).end());
    const upgrades = new WebSocketServer({ noServer: true, handleProtocols: () => subprotocol });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => {
      this.attempts.push(performance.now());
      const refusal = this.refuseWith?.(this.attempts.length);
      const now = Date.now() + this.aheadMs;
      const verdict = verifyHandshake(request.headers, request.url ?? '', { secret: sharedSecret, now });
      const code = refusal?.code ?? (verdict.ok ? undefined : verdict.code);
      if (code !== undefined) {
        this.refusals.push(code);
        const body = JSON.stringify({
          error: { code, msg: 'refused by the test' },
          server_time: new Date(now).toISOString(),
        });
        const head = [
          `HTTP/1.1 ${handshakeStatus[code]} Refused`,
          'Content-Type: application/json',
          `Content-Length: ${Buffer.byteLength(body)}`,
          'Connection: close',
          ...(refusal?.headers ?? []),
        ];
        return void socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
      }
      upgrades.handleUpgrade(request, socket, head, (ws) => this.#serve(ws, request.headers));
    });
    // Of those that no outgoing connection is given while the hub is away.
    const port = (this.#port ??= await freePort());
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.#server = server;
    return this;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/agent/ws`;
  }

  /** Dies without a word; `start` again takes the same port. */
  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) =>
      this.#server === undefined ? resolve(undefined) : this.#server.close(resolve),
    );
    this.#server = undefined;
  }

  /** The newest session. */
  get current(): Connection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error('no agent has connected');
    return connection;
  }

  send(frame: HubFrame, to = this.current): void {
    to.socket.send(JSON.stringify(hubFrame.parse(frame)));
  }

  /** Every frame of a kind, over all sessions, oldest first. */
  all<T extends AgentFrame['type']>(type: T): Of<T>[] {
    return this.connections.flatMap(({ frames }) =>
      frames.filter((frame): frame is Of<T> => frame.type === type),
    );
  }

  waitFor<T extends AgentFrame['type']>(
    type: T,
    matches: (frame: Of<T>) => boolean = () => true,
  ): Promise<Of<T>> {
    return eventually(
      () => {
        const found = this.all(type).find(matches);
        if (found === undefined) throw new Error(`no such ${type}`);
        return found;
      },
      { what: type, everyMs: 10, timeoutMs: 30_000 },
    );
  }

  waitForSession(number = 1): Promise<Connection> {
    return eventually(
      () => {
        const connection = this.connections[number - 1];
        if (connection?.frames.some(({ type }) => type === 'HELLO') !== true)
          throw new Error(`${this.connections.length} so far`);
        return connection;
      },
      { what: `session ${number}`, everyMs: 10, timeoutMs: 30_000 },
    );
  }

  #serve(socket: WebSocket, headers: IncomingHttpHeaders): void {
    const connection: Connection = { socket, headers, protocol: socket.protocol, frames: [] };
    this.connections.push(connection);
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => (connection.closed = { code, reason: reason.toString() }));
    socket.on('message', (data: Buffer) => {
      const frame = agentFrame.parse(JSON.parse(data.toString('utf8')));
      connection.frames.push(frame);
      if (frame.type === 'HELLO' && this.greets) this.#welcome(connection);
      if (frame.type === 'RESULT' && this.acknowledgesResults) {
        const { result_id, correlation_id } = frame;
        this.send({ type: 'RESULT_ACK', result_id, correlation_id }, connection);
      }
    });
    if (!this.greets) return;
    const server_time = new Date(Date.now() + this.aheadMs).toISOString();
    const agent_id = String(headers['x-agent-id']);
    const conn_id = String(this.connections.length);
    this.send({ type: 'HELLO_ACK', server_time, supported: [], agent_id, conn_id }, connection);
  }

  #welcome(connection: Connection): void {
    this.send(
      {
        type: 'WELCOME',
        session_id: `session-${this.connections.length}`,
        heartbeat_s: this.heartbeatS,
        cmd_timeout_s: 60,
        now: new Date(Date.now() + this.aheadMs).toISOString(),
        server_nonce: 'nonce-of-the-hub',
      },
      connection,
    );
  }
}
