import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { signHandshake } from '@viw/agent-auth';
import { type HubFrame, hubFrame } from '@viw/contracts';
import WebSocket from 'ws';
import type { SentResult } from '../../ledger/results-ledger';

export interface ChainAgentOptions {
  readonly agentId: string;
  readonly hubUrl: string;
  readonly secret: string;
}

const PATH = '/agent/ws';
const REDIAL_MS = 150;
/** An unanswered RESULT is sent again after this, as a hub may have given it up. */
const RESEND_MS = 5_000;

/**
 * An agent with a perfect memory: each command has one effect, whose RESULT it keeps until the hub says that it is
 * stored. Dials again whenever the connection ends. Not the product's agent: what it remembers is what the run is judged by.
 */
export class ChainAgent {
  /** By correlation id; `acknowledged` by RESULT_ACK. */
  readonly results = new Map<string, SentResult>();
  readonly #options: ChainAgentOptions;
  readonly #stopping = new AbortController();
  #socket: WebSocket | undefined;
  #running: Promise<void> | undefined;
  #resending: NodeJS.Timeout | undefined;

  constructor(options: ChainAgentOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run(this.#stopping.signal);
    this.#resending = setInterval(() => this.#resend(), RESEND_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#resending);
    this.#stopping.abort();
    this.#socket?.terminate();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#session();
      await pause(REDIAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when the connection has ended, however it did. */
  #session(): Promise<void> {
    const { agentId, hubUrl, secret } = this.#options;
    const headers = signHandshake({ secret, agentId, path: PATH, now: Date.now() });
    const socket = new WebSocket(`${hubUrl}${PATH}`, ['viworks-agent-v1'], { headers });
    this.#socket = socket;
    socket.on('open', () =>
      this.#send({
        type: 'HELLO',
        agent_id: agentId,
        version: '1.0.0',
        capabilities: ['commands'],
        supported_verbs: ['list_users'],
      }),
    );
    socket.on('message', (data) => this.#take(hubFrame.parse(JSON.parse((data as Buffer).toString()))));
    // `close` follows.
    socket.on('error', () => undefined);
    return new Promise((resolve) => socket.once('close', () => resolve()));
  }

  #take(frame: HubFrame): void {
    if (frame.type === 'WELCOME') this.#resend();
    else if (frame.type === 'PING') this.#send({ type: 'PONG' });
    else if (frame.type === 'COMMAND') this.#execute(frame);
    else if (frame.type === 'RESULT_ACK') {
      const result = this.results.get(frame.correlation_id);
      if (result?.result_id === frame.result_id) result.acknowledged = true;
    }
  }

  #execute({ correlation_id }: Extract<HubFrame, { type: 'COMMAND' }>): void {
    const known = this.results.get(correlation_id);
    this.#send({ type: 'COMMAND_ACK', correlation_id, state: known ? 'duplicate' : 'received' });
    const result: SentResult = known ?? {
      result_id: randomUUID(),
      correlation_id,
      agent_id: this.#options.agentId,
      status: 'success',
      evidence: `effect ${randomUUID()}`,
      acknowledged: false,
    };
    this.results.set(correlation_id, result);
    this.#report(result);
  }

  #resend(): void {
    for (const result of this.results.values()) if (!result.acknowledged) this.#report(result);
  }

  #report({ acknowledged: _, evidence, ...facts }: SentResult): void {
    const now = new Date().toISOString();
    const outcome = { verb: 'list_users', rc: 0, stdout: evidence, stderr: '', truncated: false };
    this.#send({ type: 'RESULT', ...facts, ...outcome, duration_ms: 1, started_at: now, finished_at: now });
  }

  /** What cannot be sent now is sent after the next WELCOME. */
  #send(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}
