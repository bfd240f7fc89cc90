import { setTimeout as pause } from 'node:timers/promises';
import { signHandshake } from '@viw/agent-auth';
import { subprotocol } from '@viw/contracts';
import type { AgentFrame, HubFrame } from '@viw/contracts';
import { WebSocket } from 'ws';
import { agentIdOf } from '../agent-id';
import { hostMetricsOf } from '../host';
import { sourceAddress } from '../source-address';

/** At a hub that lets in only so many at a time. */
const ATTEMPTS = 20;

export interface SenderCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TelemetrySenderOptions {
  readonly n: number;
  readonly prefix: string;
  readonly url: string;
  readonly sharedSecret: string;
  /** A hub answers HELLO with WELCOME; the bare one says nothing. */
  readonly awaitsWelcome: boolean;
  /** PEM: who signs the hub's certificate; the system's authorities by default. */
  readonly ca?: string | undefined;
  /** PEM; by default it has none to show. */
  readonly certificate?: SenderCertificate | undefined;
}

/** One agent's socket; frames as an agent makes them, numbered from 1. */
export class TelemetrySender {
  sent = 0;
  confirmed = 0;
  /** Why the socket is gone. */
  fault: string | undefined;
  readonly #options: TelemetrySenderOptions;
  readonly #agentId: string;
  readonly #head: string;
  readonly #tail: string;
  #socket: WebSocket | undefined;

  constructor(options: TelemetrySenderOptions) {
    const { n, prefix } = options;
    this.#options = options;
    this.#agentId = agentIdOf(prefix, n);
    const ts = new Date().toISOString();
    this.#head = `{"type":"TELEMETRY","agent_id":"${this.#agentId}","ts":"${ts}","seq":`;
    this.#tail = `,"metrics":${JSON.stringify(hostMetricsOf(n, 1))}}`;
  }

  /** Comes back when the hub says when. @throws Error when it is refused otherwise, or too often */
  async connect(): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const retryAfterS = await this.#dial();
      if (retryAfterS === undefined) return;
      await pause(1_000 * retryAfterS);
    }
    throw new Error(`${this.#agentId} was sent away ${ATTEMPTS} times`);
  }

  /** @returns seconds after which to try again; undefined with a session */
  #dial(): Promise<number | undefined> {
    const { n, url, sharedSecret, awaitsWelcome, ca, certificate } = this.#options;
    const socket = new WebSocket(url, [subprotocol], {
      headers: signHandshake({
        secret: sharedSecret,
        agentId: this.#agentId,
        path: new URL(url).pathname,
        now: Date.now(),
      }),
      perMessageDeflate: false,
      localAddress: sourceAddress(n),
      ...(ca !== undefined && { ca }),
      ...certificate,
    });
    this.#socket = socket;
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        const retryAfter = Number(response.headers['retry-after'] ?? Number.NaN);
        if (Number.isNaN(retryAfter)) reject(new Error(`refused with ${response.statusCode}`));
        else resolve(retryAfter);
        response.destroy();
      });
      socket.on('open', () => {
        socket.on('close', (code, reason) => {
          this.fault ??= `closed with ${code} ${reason.toString('utf8')}`;
          reject(new Error(this.fault));
        });
        socket.send(JSON.stringify(this.#hello()));
        if (!awaitsWelcome) resolve(undefined);
      });
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString('utf8')) as HubFrame;
        if (frame.type === 'WELCOME') resolve(undefined);
        else if (frame.type === 'HEARTBEAT') this.confirmed = frame.ack_seq ?? this.confirmed;
        else if (frame.type === 'ERROR') this.fault = frame.error.msg;
      });
    });
  }

  send(): void {
    this.#socket?.send(this.#head + String(++this.sent) + this.#tail);
  }

  #hello(): AgentFrame {
    return { type: 'HELLO', agent_id: this.#agentId, version: '1.4.0', capabilities: ['telemetry'] };
  }
}
