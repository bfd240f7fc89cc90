import { fromJsonText, limits } from '@viw/contracts';
import type { AgentFrame, JsonText, ResultFrame, TelemetryPoint } from '@viw/contracts';

type EchoReply = Extract<AgentFrame, { type: 'ECHO_REPLY' }>;

/** The newest answer of an agent. Outputs of commands are left out: they belong to whoever gave the command. */
export type LastResult =
  | {
      readonly type: 'ECHO_REPLY';
      readonly at: string;
      readonly correlation_id: string;
      readonly payload: unknown;
    }
  | ({ readonly type: 'RESULT'; readonly at: string } & Pick<
      ResultFrame,
      'correlation_id' | 'result_id' | 'verb' | 'status' | 'rc' | 'duration_ms'
    >);

export interface RecentFrames {
  readonly telemetry: readonly TelemetryPoint[];
  readonly lastResult?: LastResult;
}

interface Recent {
  /** As text: a parsed frame takes several times the memory, and is hardly ever asked for. */
  readonly telemetry: JsonText<TelemetryPoint>[];
  /** Length of these texts: bytes, where they are ASCII. */
  size: number;
  lastResult?: LastResult;
}

export interface LastFramesOptions {
  readonly maxAgents: number;
  /** Of telemetry of all agents together. Agents get equal shares of it, of at most 50 frames; default 32 MiB. */
  readonly maxBytes?: number;
}

/** The last frames of each agent, for people who look into a hub. Survives reconnects, not restarts. */
export class LastFrames {
  readonly #maxAgents: number;
  readonly #maxBytes: number;
  /** In order of the last frame, oldest first. */
  readonly #byAgent = new Map<string, Recent>();
  #size = 0;

  constructor({ maxAgents, maxBytes = 32 * 1024 * 1024 }: LastFramesOptions) {
    this.#maxAgents = maxAgents;
    this.#maxBytes = maxBytes;
  }

  telemetry(agentId: string, frame: JsonText<TelemetryPoint>): void {
    const recent = this.#of(agentId);
    const share = this.#maxBytes / this.#byAgent.size;
    recent.telemetry.push(frame);
    this.#grow(recent, frame.length);
    while (recent.telemetry.length > limits.telemetryRing || recent.size > share)
      this.#grow(recent, -(recent.telemetry.shift()?.length ?? 0));
    // What silent agents hold was measured by the larger shares of their time.
    while (this.#size > this.#maxBytes) this.#forgetOldest();
  }

  echoed(agentId: string, { type, correlation_id, payload }: EchoReply): void {
    this.#of(agentId).lastResult = { type, at: new Date().toISOString(), correlation_id, payload };
  }

  finished(agentId: string, frame: ResultFrame): void {
    const { type, correlation_id, result_id, verb, status, rc, duration_ms } = frame;
    const at = new Date().toISOString();
    this.#of(agentId).lastResult = { type, at, correlation_id, result_id, verb, status, rc, duration_ms };
  }

  get(agentId: string): RecentFrames | undefined {
    const recent = this.#byAgent.get(agentId);
    if (!recent) return undefined;
    const { lastResult, telemetry } = recent;
    return { telemetry: telemetry.map(fromJsonText), ...(lastResult && { lastResult }) };
  }

  #of(agentId: string): Recent {
    const recent = this.#byAgent.get(agentId) ?? { telemetry: [], size: 0 };
    this.#byAgent.delete(agentId);
    this.#byAgent.set(agentId, recent);
    if (this.#byAgent.size > this.#maxAgents) this.#forgetOldest();
    return recent;
  }

  #grow(recent: Recent, bytes: number): void {
    recent.size += bytes;
    this.#size += bytes;
  }

  #forgetOldest(): void {
    const [oldest] = this.#byAgent;
    if (oldest === undefined) return;
    this.#byAgent.delete(oldest[0]);
    this.#size -= oldest[1].size;
  }
}
