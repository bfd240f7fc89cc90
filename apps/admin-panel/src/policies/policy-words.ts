import type { RunningRole, VerbPolicy, VerbPolicyRules } from '@viw/contracts';
import { gatewayChange, gatewayWords, type GatewayChange } from '../selectors/gateway-words';

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

/**
 * What makes two policies differ, in the order of their words: JSON that is equal when they mean the same. How long a request
 * waits is idle where none does.
 */
const comparable = ({ roles, where, approval, approval_ttl_s: ttl, max_targets: atOnce }: VerbPolicyRules) =>
  [
    [...roles].sort(),
    where === 'all'
      ? where
      : [
          [...new Set(where.ids)].sort(),
          Object.entries(where.labels ?? {})
            .map((label) => JSON.stringify(label))
            .sort(),
        ],
    approval === 'none' ? approval : ttl,
    atOnce,
  ].map((rule) => JSON.stringify(rule));

/** One rule, and what is to become of it. */
export interface RuleChange {
  readonly term: string;
  readonly before: string;
  readonly after: string;
  /** By what the rules are, not by what is said of them. */
  readonly changed: boolean;
  /** Of a change of where: each gateway by its name. */
  readonly gateways?: GatewayChange;
}

/** What a change of a policy would change. `to` null: the policy is deleted. */
export const changeWords = ({
  from,
  to,
}: {
  readonly from: VerbPolicyRules;
  readonly to: VerbPolicyRules | null;
}): readonly RuleChange[] => {
  const next = to ?? noRules;
  const [after, was, is] = [policyWords(next), comparable(from), comparable(next)];
  return policyWords(from).map(([term, before], at) => {
    const changed = was[at] !== is[at];
    return {
      term,
      before,
      after: after[at]?.[1] ?? '',
      changed,
      ...(changed && term === 'Where' && { gateways: gatewayChange(from.where, next.where) }),
    };
  });
};
