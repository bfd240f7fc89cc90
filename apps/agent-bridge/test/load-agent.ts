import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';
import { hubFrame } from '@viw/contracts';
import { fullJitter } from '@viw/runtime';
import { signed } from './test-agent';

const at = (): string => new Date().toISOString();

/**
 * An agent that stays: dials its hubs by turns with the protocol's full jitter, sends telemetry, carries each command
 * out once, answers repetitions from its journal, and sends results again until they are acknowledged.
 */
export class LoadAgent {
  /** Correlation id → its RESULT. */
  readonly journal = new Map<string, object>();
  /** Connections dialled between the end of one session and the next WELCOME. */
  readonly dials: number[] = [];
  /** How long those took: from the end of a session to the next WELCOME, milliseconds. */
  readonly gapsMs: number[] = [];
  readonly closeCodes: number[] = [];
  /** Newest acknowledged telemetry by session. */
  readonly acknowledged = new Map<string, number>();
  readonly #open = new Set<string>();
  #socket: WebSocket | undefined;
  #session = '';
  #seq = 0;
  #failures = 0;
  #dialledSince: number | undefined;
  #goneAt = 0;
  #stopped = false;

  constructor(
    readonly id: string,
    private readonly hubs: readonly string[],
  ) {}

  get isWelcome(): boolean {
    return this.#session !== '';
  }

  get unacknowledgedResults(): number {
    return this.#open.size;
  }

  start(turn = 0): void {
    if (this.#dialledSince !== undefined) this.#dialledSince += 1;
    const url = `${this.hubs[turn % this.hubs.length] ?? ''}/agent/ws`;
    const socket = new WebSocket(url, ['viworks-agent-v1'], { headers: signed(this.id) });
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('open', () =>
      this.#send({ type: 'HELLO', agent_id: this.id, version: '1.0.0', capabilities: [] }),
    );
    socket.on('message', (data) => this.#receive((data as Buffer).toString()));
    socket.on('close', (code) => {
      if (this.isWelcome) {
        this.closeCodes.push(code);
        this.#dialledSince = 0;
        this.#goneAt = performance.now();
      }
      this.#session = '';
      if (this.#stopped) return;
      setTimeout(() => this.start(turn + 1), fullJitter({ baseMs: 1_000, capMs: 60_000 }, this.#failures++));
    });
  }

  telemetry(): void {
    if (this.isWelcome)
      this.#send({
        type: 'TELEMETRY',
        agent_id: this.id,
        ts: at(),
        seq: ++this.#seq,
        metrics: { cpu_pct: 1 },
      });
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.close(1000);
  }

  #receive(text: string): void {
    const frame = hubFrame.parse(JSON.parse(text));
    if (frame.type === 'WELCOME') {
      this.#session = frame.session_id;
      this.#failures = 0;
      if (this.#dialledSince !== undefined) {
        this.dials.push(this.#dialledSince);
        this.gapsMs.push(performance.now() - this.#goneAt);
      }
      for (const id of this.#open) this.#send(this.journal.get(id) ?? {});
    }
    if (frame.type === 'HEARTBEAT' && frame.ack_seq !== undefined)
      this.acknowledged.set(this.#session, frame.ack_seq);
    if (frame.type === 'COMMAND') this.#carryOut(frame.correlation_id);
    if (frame.type === 'RESULT_ACK') this.#open.delete(frame.correlation_id);
  }

  #carryOut(correlationId: string): void {
    const result = this.journal.get(correlationId) ?? {
      type: 'RESULT',
      result_id: randomUUID(),
      correlation_id: correlationId,
      agent_id: this.id,
      verb: 'list_users',
      status: 'success',
      rc: 0,
      stdout: '{}',
      stderr: '',
      truncated: false,
      duration_ms: 1,
      started_at: at(),
      finished_at: at(),
    };
    this.journal.set(correlationId, result);
    this.#open.add(correlationId);
    this.#send(result);
  }

  #send(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}
