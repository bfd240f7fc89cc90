import type { Gateway, Role, VerbPolicy } from '@viw/contracts';
import { selects } from '../selectors/gateway-choice';

/** What a verb's policy means for a command of one person on one gateway, before the backend says so. */
export interface PolicyEffect {
  /** Why it is refused, in words. */
  readonly refused: string | undefined;
  /** A second person has to approve it. */
  readonly waits: boolean;
}

/** @param policy undefined: the verb has none. Where it holds only for a part that is not shown, the backend decides. */
export const policyEffect = (
  policy: Pick<VerbPolicy, 'roles' | 'where' | 'approval'> | undefined,
  role: Role | undefined,
  gateway: Pick<Gateway, 'agent_id' | 'labels'>,
): PolicyEffect => {
  if (!policy) return { refused: undefined, waits: false };
  const mayRun = role === undefined || policy.roles.some((one) => one === role);
  const inside = policy.where === null || selects(policy.where, gateway);
  return {
    refused: !mayRun
      ? 'Its policy does not let your role run it.'
      : !inside
        ? 'Its policy does not let it be run on this gateway.'
        : undefined,
    waits: policy.approval === 'second_person',
  };
};
