import { type CommandStatus, isTerminal } from '@viw/contracts';
import { type Findings, Tally } from './findings';

export interface ChainBooks {
  /** Correlation ids that the API has answered with 202. */
  readonly accepted: readonly string[];
  /** Entries of `viw.commands` as the auditing group saw them, in the order of the stream. */
  readonly published: readonly {
    readonly correlationId: string | undefined;
    readonly eventId: string | undefined;
  }[];
  /** Outbox rows that nobody has marked. */
  readonly unpublished: number;
  readonly statuses: ReadonlyMap<string, CommandStatus>;
}

/**
 * Every accepted command is in the stream, under one event id however often it stands there, its outbox row is marked,
 * and it has an end.
 */
export function auditChain({ accepted, published, unpublished, statuses }: ChainBooks): Findings {
  const tally = new Tally();
  const eventIds = new Map<string, Set<string>>();
  for (const { correlationId = '', eventId = '' } of published)
    eventIds.set(correlationId, (eventIds.get(correlationId) ?? new Set()).add(eventId));
  for (const id of accepted) {
    tally.promised += 1;
    const events = eventIds.get(id)?.size ?? 0;
    if (events === 0) tally.add('lost', `accepted command ${id} was never published`);
    if (events > 1) tally.add('duplicated', `command ${id} was published under ${events} event ids`);
    const status = statuses.get(id);
    if (status === undefined || !isTerminal(status))
      tally.add('lost', `the end of accepted command ${id}, which is ${status ?? 'unknown'}`);
  }
  if (unpublished > 0) tally.add('lost', `${unpublished} outbox rows are not marked as published`);
  return tally.findings();
}
