import { limits } from '@viw/contracts';
import type { AgentFrame, ResultFrame, TelemetryPoint } from '@viw/contracts';

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

interface Recent {
  readonly telemetry: TelemetryPoint[];
  lastResult?: LastResult;
}

/** The last frames of each agent, for people who look into a hub. Survives reconnects, not restarts. */
export class LastFrames {
  readonly #maxAgents: number;
  /** In order of the last frame, oldest first. */
  readonly #byAgent = new Map<string, Recent>();

  constructor({ maxAgents }: { maxAgents: number }) {
    this.#maxAgents = maxAgents;
  }

  telemetry(point: TelemetryPoint): void {
    const ring = this.#of(point.agent_id).telemetry;
    ring.push(point);
    if (ring.length > limits.telemetryRing) ring.shift();
  }

  echoed(agentId: string, { type, correlation_id, payload }: EchoReply): void {
    this.#of(agentId).lastResult = { type, at: new Date().toISOString(), correlation_id, payload };
  }

  finished(agentId: string, frame: ResultFrame): void {
    const { type, correlation_id, result_id, verb, status, rc, duration_ms } = frame;
    const at = new Date().toISOString();
    this.#of(agentId).lastResult = { type, at, correlation_id, result_id, verb, status, rc, duration_ms };
  }

  get(agentId: string): Readonly<Recent> | undefined {
    return this.#byAgent.get(agentId);
  }

  #of(agentId: string): Recent {
    const recent = this.#byAgent.get(agentId) ?? { telemetry: [] };
    this.#byAgent.delete(agentId);
    this.#byAgent.set(agentId, recent);
    const [oldest] = this.#byAgent.keys();
    if (this.#byAgent.size > this.#maxAgents && oldest !== undefined) this.#byAgent.delete(oldest);
    return recent;
  }
}
