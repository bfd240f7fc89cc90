import type { Change, VerbPolicyRules } from '@viw/contracts';
import type { KeptPolicy, LockedApproval } from '@viw/database';
import type { Repositories } from '../store';
import { NoLongerPossible, requesterToday } from './requester';

export const rulesOf = ({
  roles,
  where,
  approval,
  approval_ttl_s,
  max_targets,
}: KeptPolicy): VerbPolicyRules => ({ roles, where, approval, approval_ttl_s, max_targets });

export const policyChanged = (verb: string): Change => ({ kind: 'verb_policy', id: verb });

/**
 * Makes a change of a policy that has just been approved in this transaction, in the name of who has asked.
 * @throws NoLongerPossible when the policy is not the one that was to change any more, or who has asked may not
 */
export async function makeApprovedChange(
  { verbPolicies, ...repositories }: Pick<Repositories, 'verbPolicies' | 'administrators' | 'apiClients'>,
  { record, policy_version: version }: LockedApproval,
): Promise<KeptPolicy | undefined> {
  const { verb, requested_by: by, policy_change: change } = record;
  if (change === null) throw new NoLongerPossible('The request is incomplete');
  await requesterToday(repositories, by, 'policies:write');
  const current = await verbPolicies.lock(verb);
  if (current?.version !== version)
    throw new NoLongerPossible(`The policy of ${verb} has been changed since it was asked for`);
  if (change.to !== null) return verbPolicies.put(verb, change.to, by);
  await verbPolicies.delete(verb);
  return undefined;
}
