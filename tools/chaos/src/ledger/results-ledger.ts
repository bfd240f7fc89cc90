import type { CommandStatus, ResultStatus } from '@viw/contracts';
import { isTerminal } from '@viw/contracts';
import type { Findings } from './findings';
import { Tally } from './findings';

/** What the load has done: everything it ever tried to publish, and whether Redis has confirmed it. */
export interface ResultsBooks {
  /** Correlation id → agent. */
  readonly commands: ReadonlyMap<string, string>;
  readonly results: readonly SentResult[];
  readonly events: readonly SentCommandEvent[];
}

export interface SentResult {
  readonly result_id: string;
  readonly correlation_id: string;
  readonly agent_id: string;
  readonly status: ResultStatus;
  /** Unique; comes back as `stdout`, so that a row is known by its evidence and not by the key it is stored under. */
  readonly evidence: string;
  acknowledged: boolean;
}

export interface SentCommandEvent {
  readonly correlation_id: string;
  readonly state: 'dispatched' | 'acknowledged' | 'rejected';
  acknowledged: boolean;
}

export interface StoredResults {
  readonly commands: readonly {
    readonly correlation_id: string;
    readonly agent_id: string;
    readonly status: CommandStatus;
    readonly dispatched: boolean;
    readonly acknowledged: boolean;
  }[];
  readonly results: readonly {
    readonly result_id: string;
    readonly correlation_id: string;
    readonly agent_id: string;
    readonly status: ResultStatus;
    readonly evidence: string;
    readonly late: boolean;
  }[];
}

const endBy: Record<ResultStatus, CommandStatus> = {
  success: 'succeeded',
  error: 'failed',
  denied: 'denied',
  timeout: 'timeout',
  unknown: 'unknown',
};

/** Exactly one row per acknowledged result; every command with an end in exactly that one terminal state. */
export function auditResults(books: ResultsBooks, stored: StoredResults): Findings {
  const tally = new Tally();
  auditRows(tally, books, stored);
  auditCommands(tally, books, stored);
  return tally.findings();
}

function auditRows(tally: Tally, books: ResultsBooks, { results }: StoredResults): void {
  const sent = new Map(books.results.map((result) => [result.evidence, result]));
  const found = new Map<string, number>();
  tally.stored += results.length;
  for (const row of results) {
    const origin = sent.get(row.evidence);
    const seen = (found.get(row.evidence) ?? 0) + 1;
    found.set(row.evidence, seen);
    if (seen > 1) tally.add('duplicated', `row ${seen} of result ${row.evidence}`);
    else if (
      origin?.result_id !== row.result_id ||
      origin.correlation_id !== row.correlation_id ||
      origin.agent_id !== row.agent_id ||
      origin.status !== row.status
    )
      tally.add('phantom', `result ${row.result_id} was not sent like this`);
  }
  for (const { evidence, acknowledged } of sent.values()) {
    if (!acknowledged) continue;
    tally.promised += 1;
    if (!found.has(evidence)) tally.add('lost', `result ${evidence}`);
  }
}

function auditCommands(tally: Tally, books: ResultsBooks, stored: StoredResults): void {
  const rows = new Map(stored.commands.map((command) => [command.correlation_id, command]));
  const ends = new Map<string, ResultStatus[]>();
  for (const { correlation_id, late, status } of stored.results) {
    if (!late) ends.set(correlation_id, [...(ends.get(correlation_id) ?? []), status]);
  }
  const sentStates = new Map<string, Set<string>>();
  const promisedEnds = new Set(books.results.filter((r) => r.acknowledged).map((r) => r.correlation_id));
  for (const { correlation_id: id, state, acknowledged } of books.events) {
    sentStates.set(id, (sentStates.get(id) ?? new Set()).add(state));
    if (!acknowledged) continue;
    tally.promised += 1;
    if (state === 'rejected') promisedEnds.add(id);
    else if (!rows.get(id)?.[state]) tally.add('lost', `${state} of command ${id}`);
  }
  for (const [id, agentId] of books.commands) {
    const row = rows.get(id);
    const sent = sentStates.get(id);
    if (row?.agent_id !== agentId) {
      tally.add('lost', `command ${id}`);
      continue;
    }
    const [end, second] = ends.get(id) ?? [];
    if (second !== undefined) tally.add('duplicated', `command ${id} has been ended twice`);
    if ((row.dispatched && !sent?.has('dispatched')) || (row.acknowledged && !sent?.has('acknowledged')))
      tally.add('phantom', `command ${id} shows progress that nobody reported`);
    const rightful =
      end !== undefined ? row.status === endBy[end] : row.status === 'denied' && sent?.has('rejected');
    if (!isTerminal(row.status)) {
      if (promisedEnds.has(id)) tally.add('lost', `the end of command ${id}, which is ${row.status}`);
    } else if (!rightful) tally.add('phantom', `command ${id} is ${row.status} for no reason`);
  }
}
