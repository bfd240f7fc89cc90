import { type Findings, Tally } from './findings';

export interface AgentEvent {
  /** Made by the agent; unlike the stream entry's, the same when it is sent again. */
  readonly event_id: string;
  readonly agent_id: string;
  /** Unique: a row is known by it and not by the key it is stored under. */
  readonly evidence: string;
}

export interface SentAgentEvent extends AgentEvent {
  acknowledged: boolean;
}

/** Exactly one row per acknowledged event, however often it was sent. */
export function auditAgentEvents(sent: readonly SentAgentEvent[], stored: readonly AgentEvent[]): Findings {
  const tally = new Tally();
  tally.stored = stored.length;
  const origins = new Map(sent.map((event) => [event.evidence, event]));
  const found = new Set<string>();
  for (const row of stored) {
    const origin = origins.get(row.evidence);
    if (found.has(row.evidence)) tally.add('duplicated', `event ${row.evidence}`);
    else if (origin?.event_id !== row.event_id || origin.agent_id !== row.agent_id)
      tally.add('phantom', `event ${row.event_id} was not sent like this`);
    found.add(row.evidence);
  }
  for (const { evidence, acknowledged } of sent) {
    if (!acknowledged) continue;
    tally.promised += 1;
    if (!found.has(evidence)) tally.add('lost', `event ${evidence}`);
  }
  return tally.findings();
}
