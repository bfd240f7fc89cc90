import { type CommandStatus, isTerminal } from '@viw/contracts';
import { type Findings, Tally } from './findings';

export interface ChainBooks {
  /** Correlation ids that the API has answered with 202. */
  readonly accepted: readonly string[];
  /** Of these commands; a command that is taken for lost on its way gets a second row. */
  readonly outbox: readonly {
    readonly correlation_id: string;
    readonly event_id: string;
    readonly published: boolean;
  }[];
  /** Entries of `viw.commands` as the auditing group saw them. */
  readonly published: readonly {
    readonly correlationId: string | undefined;
    readonly eventId: string | undefined;
  }[];
  readonly statuses: ReadonlyMap<string, CommandStatus>;
}

/**
 * Every accepted command has its outbox row, every row is marked and stands in the stream under its event id, nothing stands
 * there that has no row, and every accepted command has an end.
 */
export function auditChain({ accepted, outbox, published, statuses }: ChainBooks): Findings {
  const tally = new Tally();
  const seen = new Set(published.map(({ eventId = '' }) => eventId));
  const rows = new Set(outbox.map(({ event_id }) => event_id));
  const commands = new Set(outbox.map(({ correlation_id }) => correlation_id));
  for (const { event_id, correlation_id, published: marked } of outbox) {
    tally.promised += 1;
    if (!marked) tally.add('lost', `an outbox row of command ${correlation_id} is not marked as published`);
    else if (!seen.has(event_id)) tally.add('lost', `event ${event_id} of command ${correlation_id}`);
  }
  for (const { correlationId = '', eventId = '' } of published)
    if (!rows.has(eventId))
      tally.add('phantom', `an entry of command ${correlationId} without an outbox row`);
  for (const id of accepted) {
    tally.promised += 1;
    const status = statuses.get(id);
    if (!commands.has(id)) tally.add('lost', `the outbox row of accepted command ${id}`);
    if (status === undefined || !isTerminal(status))
      tally.add('lost', `the end of accepted command ${id}, which is ${status ?? 'unknown'}`);
  }
  return tally.findings();
}
