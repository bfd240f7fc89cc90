import { randomUUID } from 'node:crypto';
import type { CommandFrame } from '@viw/contracts';
import type { Clock } from '@viw/runtime';
import { ResultOutbox } from '../../../../apps/gateway-agent/src/commands/result-outbox';
import type { AgentSessionDeps } from '../../../../apps/gateway-agent/src/session/agent-session';
import type { Uplink } from '../../../../apps/gateway-agent/src/session/uplink';

/** Takes every command for granted and has done it at once. Results are kept until the hub has them, as ever. */
export class InstantCommands {
  readonly #agentId: string;
  readonly #uplink: Uplink;
  readonly #clock: Clock;
  readonly #outbox: ResultOutbox;
  readonly #seen = new Set<string>();

  constructor({ agentId }: { agentId: string }, { uplink, clock }: { uplink: Uplink; clock: Clock }) {
    this.#agentId = agentId;
    this.#uplink = uplink;
    this.#clock = clock;
    this.#outbox = new ResultOutbox({}, { uplink });
  }

  readonly receive: AgentSessionDeps['commands']['receive'] = async ({
    correlation_id,
    verb,
  }: CommandFrame) => {
    const duplicate = this.#seen.has(correlation_id);
    this.#uplink.send({ type: 'COMMAND_ACK', correlation_id, state: duplicate ? 'duplicate' : 'received' });
    if (duplicate) return;
    this.#seen.add(correlation_id);
    const at = new Date(this.#clock.now()).toISOString();
    this.#outbox.add({
      type: 'RESULT',
      result_id: randomUUID(),
      correlation_id,
      agent_id: this.#agentId,
      verb,
      status: 'success',
      rc: 0,
      stdout: '{}',
      stderr: '',
      truncated: false,
      duration_ms: 0,
      started_at: at,
      finished_at: at,
    });
  };

  cancel(): void {
    // It is done already.
  }

  acknowledged(resultId: string): void {
    this.#outbox.acknowledge(resultId);
  }

  resend(): void {
    this.#outbox.resend();
  }

  resendOverdue(): void {
    this.#outbox.resendOverdue();
  }
}
