import type { CommandStatus, ResultStatus } from '@viw/contracts';
import { isTerminal } from '@viw/contracts';
import type { Findings } from './findings';
import { Tally } from './findings';
import type { AskedCommand, CommandEvidence, CommandRow } from './command-books';

const resultBehind: Partial<Record<CommandStatus, ResultStatus>> = {
  succeeded: 'success',
  failed: 'error',
  timeout: 'timeout',
};

/** They say that nothing was done. The scripts of these hosts never fail, so `failed` says it too. */
const sayUndone: readonly CommandStatus[] = ['expired', 'denied', 'cancelled', 'failed'];

/**
 * Each accepted command in exactly one terminal state; at most one effect on its host and none on another; `succeeded`
 * only with an effect and a result, `expired`, `denied`, `cancelled` and `failed` only without effect; no effect and no
 * row without a command that was asked for. `unknown` may have an effect or not.
 */
export function auditCommands(asked: readonly AskedCommand[], evidence: CommandEvidence): Findings {
  const tally = new Tally();
  const rows = groupBy(evidence.commands, ({ mark }) => mark);
  auditAcceptance(tally, asked, rows);
  auditEffects(tally, evidence, rows);
  auditEnds(tally, asked, evidence);
  return tally.findings();
}

type Rows = ReadonlyMap<string, readonly CommandRow[]>;

function auditAcceptance(tally: Tally, asked: readonly AskedCommand[], rows: Rows): void {
  const known = new Set(asked.map(({ mark }) => mark));
  for (const [mark, [row, ...more]] of rows) {
    tally.stored += 1 + more.length;
    if (!known.has(mark)) tally.add('phantom', `command ${row?.correlation_id ?? ''} that nobody asked for`);
    for (const other of more)
      tally.add('duplicated', `${mark} was accepted again as ${other.correlation_id}`);
  }
  for (const { mark, accepted, agent_id, verb } of asked) {
    if (accepted === undefined) continue;
    tally.promised += 1;
    const [row] = rows.get(mark) ?? [];
    if (row?.correlation_id !== accepted || row.agent_id !== agent_id || row.verb !== verb)
      tally.add('lost', `accepted command ${accepted} (${mark})`);
  }
}

function auditEffects(tally: Tally, { effects }: CommandEvidence, rows: Rows): void {
  for (const [mark, [first, ...more]] of groupBy(effects, (effect) => effect.mark)) {
    const [row] = rows.get(mark) ?? [];
    if (first?.agent_id !== row?.agent_id || first?.verb !== row?.verb)
      tally.add('phantom', `effect of ${mark} on ${first?.agent_id ?? ''} without such a command`);
    for (const again of more) tally.add('duplicated', `effect of ${mark} on ${again.agent_id}`);
  }
}

function auditEnds(tally: Tally, asked: readonly AskedCommand[], evidence: CommandEvidence): void {
  const withEffect = new Set(asked.filter(({ hasEffect }) => hasEffect).map(({ mark }) => mark));
  const done = new Set(evidence.effects.map(({ mark }) => mark));
  const results = groupBy(
    evidence.results.filter(({ late }) => !late),
    (result) => result.correlation_id,
  );
  for (const { correlation_id: id, agent_id, mark, status } of evidence.commands) {
    if (!isTerminal(status)) {
      tally.add('lost', `the end of command ${id} (${mark}), which is ${status}`);
      continue;
    }
    const first = evidence.firstEnds.get(id);
    if (first !== undefined && first !== status)
      tally.add('duplicated', `command ${id} (${mark}) has ended as ${first}, then as ${status}`);
    const [result, ...more] = results.get(id) ?? [];
    if (more.length > 0) tally.add('duplicated', `command ${id} (${mark}) was ended by several results`);
    const owed = resultBehind[status];
    if (owed !== undefined && (result?.status !== owed || result.agent_id !== agent_id))
      tally.add('phantom', `command ${id} (${mark}) is ${status} without such a result`);
    if (status === 'succeeded' && withEffect.has(mark) && !done.has(mark))
      tally.add('phantom', `command ${id} (${mark}) is called succeeded and was not done`);
    if (sayUndone.includes(status) && done.has(mark))
      tally.add('phantom', `command ${id} (${mark}) is called ${status} and was done`);
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
