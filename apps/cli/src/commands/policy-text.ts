import type { VerbPolicy, VerbPolicyRules } from '@viw/contracts';
import { facts, type Cell } from '../terminal/table';

/** `null`: not shown to who is narrowed. */
export function whereText(where: VerbPolicy['where']): string {
  if (where === null) return 'not shown to a narrowed key';
  if (where === 'all') return 'everywhere';
  const labels = Object.entries(where.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return [...where.ids, ...(labels.length === 0 ? [] : [labels.join(' and ')])].join(', ') || 'nowhere';
}

export const rulesFacts = (
  rules: Omit<VerbPolicyRules, 'where'> & Pick<VerbPolicy, 'where'>,
): readonly (readonly [string, Cell])[] => [
  ['roles', rules.roles.join(' ')],
  ['where', whereText(rules.where)],
  ['approval', rules.approval],
  ['waits s', rules.approval_ttl_s],
  ['gateways at once', rules.max_targets],
];

export const policyText = (one: VerbPolicy): string =>
  facts([
    ['verb', one.verb],
    ['policy', one.policy_id],
    ...rulesFacts(one),
    ['changed by', one.changed_by],
    ['changed at', one.changed_at],
  ]);
