import { randomUUID } from 'node:crypto';
import type { AgentEventsBody } from '@viw/contracts';
import { agentEventsStream, streams } from '@viw/contracts';
import { auditAgentEvents } from '../../ledger/agent-event-ledger';
import type { SentAgentEvent } from '../../ledger/agent-event-ledger';
import type { Findings } from '../../ledger/findings';
import type { Published } from '../../ledger/stream-ledger';
import type { AuditedEntry } from '../../world/auditing-group';
import { openLoop } from '../../open-loop';
import { type Load, Publishes } from './load';
import type { LoadDeps } from './results-load';
import { readStoredEvents } from './telemetry-evidence';

const PER_SECOND = 20;
const AGENTS = 20;

/** What hubs pass on of events on hosts; some come twice, as of an agent that got no answer. */
export class AgentEventsLoad implements Load {
  readonly streams = [streams.agentEvents];
  readonly auditedStreams = this.streams;
  readonly #deps: LoadDeps;
  readonly #publishes = new Publishes();
  readonly #events: SentAgentEvent[] = [];

  constructor(deps: LoadDeps) {
    this.#deps = deps;
  }

  get sent(): number {
    return this.#publishes.sent;
  }

  get acknowledged(): number {
    return this.#publishes.acknowledged;
  }

  get published(): Published {
    return this.#publishes.all;
  }

  async prepare(): Promise<void> {}

  run(windowMs: number): Promise<void> {
    return openLoop(PER_SECOND, windowMs, () => {
      const { chance } = this.#deps;
      const event = newAgentEvent(`gw-chaos-${chance.int(0, AGENTS - 1)}`);
      this.#events.push(event);
      this.#send(event);
      if (chance.next() < 0.2) this.#send(event);
    });
  }

  settled(): Promise<void> {
    return this.#publishes.settled();
  }

  expects(): boolean {
    return false;
  }

  witness(entries: readonly AuditedEntry[]): void {
    this.#publishes.witness(entries);
  }

  async audit(): Promise<Findings> {
    return auditAgentEvents(this.#events, await readStoredEvents(this.#deps.db));
  }

  #send(event: SentAgentEvent): void {
    const body = agentEventBody(event);
    this.#publishes.track(
      (eventId) => this.#deps.producer.publish(agentEventsStream, body, { eventId }),
      () => (event.acknowledged = true),
    );
  }
}

export const newAgentEvent = (agent_id: string): SentAgentEvent => ({
  event_id: randomUUID(),
  agent_id,
  evidence: randomUUID(),
  acknowledged: false,
});

export function agentEventBody({ event_id, agent_id, evidence }: SentAgentEvent): AgentEventsBody {
  const ts = new Date().toISOString();
  return {
    hub: 'hub-chaos',
    session_id: 's-chaos',
    epoch: 1,
    received_at: ts,
    event: { event_id, agent_id, ts, kind: 'service', name: 'openvpn.restarted', data: { evidence } },
  };
}
