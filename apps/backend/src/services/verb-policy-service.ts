import { requireVerb } from '@viw/commands';
import type { VerbPolicy, VerbPolicyChanged, VerbPolicyRules, verbPolicyPut } from '@viw/contracts';
import { limits } from '@viw/contracts';
import type { KeptPolicy } from '@viw/database';
import { AppError, uuidv7 } from '@viw/runtime';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { Caller } from '../auth/caller';
import { principalOf } from '../auth/caller';
import { verbIsInScope } from '../policy/scope-rules';
import { isWeaker } from '../policy/weaker-policy';
import type { Repositories } from '../store';
import type { Done, IdempotentWrites, WriteRequest } from './idempotent-writes';
import { policyChanged, rulesOf } from './policy-change';

export interface VerbPolicyServiceDeps {
  readonly repositories: Pick<Repositories, 'verbPolicies'>;
  readonly writes: IdempotentWrites;
}

/** What is to become of a policy. */
interface Wanted {
  readonly verb: string;
  /** Null: it is deleted. */
  readonly to: VerbPolicyRules | null;
  /** Of the policy that is meant, null for none; undefined: whichever there is. */
  readonly version: number | null | undefined;
  readonly reason?: string | undefined;
}

/** Who may run a verb, where, and whether a second person has to approve. A change counts from its commit on. */
export class VerbPolicyService {
  constructor(private readonly deps: VerbPolicyServiceDeps) {}

  /** Of the verbs in the caller's scope; where they hold is told only to who is not narrowed. */
  async list({ scope }: Pick<Caller, 'scope'>): Promise<VerbPolicy[]> {
    const all = await this.deps.repositories.verbPolicies.list();
    if (scope === undefined) return all;
    return all
      .filter(({ verb }) => verbIsInScope(scope, verb))
      .map((policy) => ({ ...policy, where: policy.where === 'all' ? policy.where : null }));
  }

  /**
   * Replaces the whole policy. Weaker than one that asks for a second person: waits for one itself.
   * @throws AppError UNKNOWN_VERB; CONFLICT when the version is another one, or a change waits already; QUEUE_FULL
   */
  set(
    write: WriteRequest,
    verb: string,
    { version, reason, ...rules }: z.output<typeof verbPolicyPut>,
  ): Promise<VerbPolicyChanged> {
    const to = { ...rules, roles: rules.roles.toSorted() };
    return this.#change(write, { verb: requireVerb(verb).verb, to, version, reason });
  }

  /** Likewise. A verb that is in the catalogue no more may have one still. @throws AppError NOT_FOUND, CONFLICT, QUEUE_FULL */
  delete(write: WriteRequest, verb: string, version: number | undefined): Promise<VerbPolicyChanged> {
    return this.#change(write, { verb, to: null, version });
  }

  #change(write: WriteRequest, wanted: Wanted): Promise<VerbPolicyChanged> {
    const { verb, to, version } = wanted;
    return this.deps.writes.perform(write, async (repositories) => {
      const { verbPolicies } = repositories;
      const current = await verbPolicies.lock(verb);
      if (to === null && current === undefined) throw new AppError('NOT_FOUND', 'The verb has no policy');
      if (version !== undefined && version !== (current?.version ?? null))
        throw new AppError('CONFLICT', 'The policy is another one: look at it again');
      const from = current && rulesOf(current);
      if (isDeepStrictEqual(from, to)) return { answer: done(current), audit: undefined };
      if (current && from?.approval === 'second_person' && isWeaker(to, from))
        return ask(repositories, write, { ...wanted, current });
      const policy = to === null ? undefined : await verbPolicies.put(verb, to, principalOf(write.caller));
      if (to === null) await verbPolicies.delete(verb);
      return {
        answer: done(policy),
        audit: {
          action: to === null ? 'verb_policy.delete' : 'verb_policy.set',
          object: { kind: 'verb_policy', id: verb },
          detail: { from: from ?? null, to, policy_id: policy?.policy_id ?? null },
        },
        changes: [policyChanged(verb)],
      };
    });
  }
}

const done = (policy: KeptPolicy | undefined): VerbPolicyChanged => ({
  status: 'changed',
  policy: policy ?? null,
  approval_id: null,
});

async function ask(
  { approvals }: Pick<Repositories, 'approvals'>,
  { caller }: WriteRequest,
  { verb, to, reason, current }: Wanted & { readonly current: KeptPolicy },
): Promise<Done<VerbPolicyChanged>> {
  const id = uuidv7();
  const from = rulesOf(current);
  await approvals.askPolicyChange(
    {
      ...{ id, verb, from, to, reason },
      policy_version: current.version,
      policy_id: current.policy_id,
      requested_by: principalOf(caller),
      waits_s: current.approval_ttl_s,
    },
    { perGateway: limits.approvalsPerAgent, perRequester: limits.approvalsPerRequester },
  );
  return {
    answer: { status: 'awaiting_approval', policy: current, approval_id: id },
    audit: {
      action: 'verb_policy.ask',
      object: { kind: 'verb_policy', id: verb },
      detail: { approval_id: id, from, to, ...(reason === undefined ? {} : { reason }) },
    },
    changes: [{ kind: 'approval', id }],
  };
}
