import type { Approval, ApprovalAction, Me, VerbDescription } from '@viw/contracts';
import { visibleText } from '../format/visible-text';

type Asked = Pick<Approval, 'kind' | 'verb' | 'agent_id' | 'policy_change'>;

/** "Restart the agent on gw-1", "Delete the policy of Restart the agent". */
export const askedFor = (
  { kind, verb, agent_id: agentId, policy_change: change }: Asked,
  verbs: readonly Pick<VerbDescription, 'verb' | 'title'>[],
): string => {
  const title = verbs.find((one) => one.verb === verb)?.title ?? verb;
  if (kind === 'command') return agentId === null ? title : `${title} on ${agentId}`;
  return `${change?.to === null ? 'Delete' : 'Weaken'} the policy of ${title}`;
};

/** A name that a machine was given may look like a person's. */
export const whoWords = ({ kind, name }: Approval['requested_by']): string =>
  visibleText(kind === 'administrator' ? name : `${name} (${kind === 'api_client' ? 'API client' : kind})`);

export const actionWords: Record<ApprovalAction, string> = {
  approve: 'Approve',
  reject: 'Reject',
  withdraw: 'Withdraw',
};

/** What is so once it is done. */
export const consequence = (
  action: ApprovalAction,
  { kind, ttl_s: ttl }: Pick<Approval, 'kind' | 'ttl_s'>,
): string => {
  if (action === 'approve')
    return kind === 'command'
      ? `The command is signed and sent at once${ttl === null ? '' : `, and has to start within ${ttl} s`}. What it does cannot be called back.`
      : 'The policy is the weaker one at once.';
  const never = kind === 'command' ? 'It is not run.' : 'The policy stays as it is.';
  return `${never} It can be asked for again.`;
};

/** Why somebody may not approve it, as far as that can be told; undefined: they may. */
export const whyNotYours = (
  { kind, may, requested_by: by }: Pick<Approval, 'kind' | 'may' | 'requested_by'>,
  me: Pick<Me, 'id' | 'role' | 'permissions'> | null | undefined,
): string | undefined => {
  if (may.includes('approve')) return undefined;
  if (by.id === me?.id) return 'You have asked for it: somebody else has to approve it.';
  if (kind === 'verb_policy' && me?.role !== 'admin') return 'An administrator has to approve it.';
  if (!me?.permissions.includes('commands:approve')) return 'Your role may not approve it.';
  return 'Somebody else has to approve it: an API client of yours has asked, or you may not run it yourself.';
};
