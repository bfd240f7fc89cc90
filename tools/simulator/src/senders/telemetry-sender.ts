import { signHandshake } from '@viw/agent-auth';
import { subprotocol } from '@viw/contracts';
import type { AgentFrame, HubFrame } from '@viw/contracts';
import { WebSocket } from 'ws';
import { agentIdOf } from '../agent-id';
import { hostMetricsOf } from '../host';
import { sourceAddress } from '../source-address';

export interface TelemetrySenderOptions {
  readonly n: number;
  readonly prefix: string;
  readonly url: string;
  readonly sharedSecret: string;
  /** A hub answers HELLO with WELCOME; the bare one says nothing. */
  readonly awaitsWelcome: boolean;
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

  /** @throws Error when it is refused */
  async connect(): Promise<void> {
    const { n, url, sharedSecret, awaitsWelcome } = this.#options;
    const socket = new WebSocket(url, [subprotocol], {
      headers: signHandshake({
        secret: sharedSecret,
        agentId: this.#agentId,
        path: new URL(url).pathname,
        now: Date.now(),
      }),
      perMessageDeflate: false,
      localAddress: sourceAddress(n),
    });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => {
        socket.send(JSON.stringify(this.#hello()));
        if (!awaitsWelcome) resolve();
      });
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString('utf8')) as HubFrame;
        if (frame.type === 'WELCOME') resolve();
        else if (frame.type === 'HEARTBEAT') this.confirmed = frame.ack_seq ?? this.confirmed;
        else if (frame.type === 'ERROR') this.fault = frame.error.msg;
      });
      socket.on('close', (code, reason) => {
        this.fault ??= `closed with ${code} ${reason.toString('utf8')}`;
        reject(new Error(this.fault));
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
