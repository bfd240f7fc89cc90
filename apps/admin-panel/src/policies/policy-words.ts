import type { RunningRole, VerbPolicy, VerbPolicyRules } from '@viw/contracts';
import { gatewayWords } from '../selectors/gateway-choice';

/** Of a verb without a policy. */
export const noRules: VerbPolicyRules = {
  roles: ['admin', 'operator'],
  where: 'all',
  approval: 'none',
  approval_ttl_s: 3_600,
  max_targets: null,
};

/** "1 h", "90 min", "45 s". Seconds in; nothing is rounded. */
export const spanWords = (seconds: number): string => {
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
};

const roleWords = (roles: readonly RunningRole[]): string =>
  roles.length > 1 ? 'administrators and operators' : roles[0] === 'admin' ? 'administrators' : 'operators';

/** Rules in words, in the order of the form. `where` null: not shown to the caller. */
export const policyWords = (
  rules: Omit<VerbPolicyRules, 'where'> & { readonly where: VerbPolicy['where'] },
): readonly (readonly [string, string])[] => [
  ['Who', roleWords(rules.roles)],
  ['Where', rules.where === null ? 'a part that is not shown to you' : `on ${gatewayWords(rules.where)}`],
  [
    'Second person',
    rules.approval === 'none'
      ? 'not needed'
      : `has to approve; a request waits ${spanWords(rules.approval_ttl_s)}`,
  ],
  ['At once', rules.max_targets === null ? 'as many gateways as there are' : atMost(rules.max_targets)],
];

const atMost = (gateways: number): string => `at most ${gateways} ${gateways === 1 ? 'gateway' : 'gateways'}`;

/** What a change of a policy would change. `to` null: the policy is deleted. */
export const changeWords = ({
  from,
  to,
}: {
  readonly from: VerbPolicyRules;
  readonly to: VerbPolicyRules | null;
}) => {
  const after = policyWords(to ?? noRules);
  return policyWords(from).map(([term, before], at) => {
    const now = after[at]?.[1] ?? '';
    return { term, before, after: now, changed: before !== now };
  });
};
