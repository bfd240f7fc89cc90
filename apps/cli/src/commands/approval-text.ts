import type { Approval } from '@viw/contracts';
import { facts, type Cell } from '../terminal/table';
import { rulesFacts } from './policy-text';

export function approvalText(one: Approval): string {
  const change = one.policy_change;
  return facts([
    ['approval', one.id],
    ['kind', one.kind],
    ['verb', one.verb],
    ['gateway', one.agent_id],
    ['parameters', one.parameters === null ? null : JSON.stringify(one.parameters)],
    ['asked for by', `${one.requested_by.name} (${one.requested_by.kind})`],
    ['reason', one.reason],
    ['at', one.requested_at],
    ['status', one.status],
    ['waits until', one.status === 'waiting' ? one.expires_at : null],
    ['decided by', one.decided_by?.name],
    ['decided at', one.decided_at],
    ['note', one.decision_note],
    ['made to wait by', one.policy_id],
    ...(change === null
      ? []
      : [
          ...renamed('is now', rulesFacts(change.from)),
          ...(change.to === null
            ? [['is to be', 'no policy'] as const]
            : renamed('is to be', rulesFacts(change.to))),
        ]),
  ]);
}

const renamed = (
  when: string,
  rows: readonly (readonly [string, Cell])[],
): readonly (readonly [string, Cell])[] => rows.map(([name, value]) => [`${when}: ${name}`, value]);
