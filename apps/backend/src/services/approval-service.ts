import type { Approval, ApprovalAction, ApprovalKind, ApprovalStatus, Change } from '@viw/contracts';
import type { ApprovalRecord, ListOptions, LockedApproval, Scoped } from '@viw/database';
import type { Clock } from '@viw/runtime';
import { AppError } from '@viw/runtime';
import type { Caller } from '../auth/caller';
import { principalOf } from '../auth/caller';
import type { PolicyRoles } from '../policy/approval-rules';
import { approvalActions, approvalRefusal } from '../policy/approval-rules';
import type { Repositories } from '../store';
import type { CommandKeyring } from '../trust/command-keyring';
import { acceptApproved } from './approved-command';
import type { AuditNote, AuditTrail } from './audit-trail';
import { auditEntry } from './audit-trail';
import type { Done, IdempotentWrites, WriteRequest } from './idempotent-writes';
import { makeApprovedChange, policyChanged } from './policy-change';
import { NoLongerPossible } from './requester';

export interface ApprovalServiceDeps {
  readonly repositories: Pick<Repositories, 'approvals' | 'verbPolicies'>;
  readonly writes: IdempotentWrites;
  readonly audit: Pick<AuditTrail, 'denied'>;
  readonly signer: Pick<CommandKeyring, 'sign'>;
  readonly clock?: Clock;
}

const noSuch = (): AppError => new AppError('NOT_FOUND', 'No such request');

/** What waits for a second person. One decision counts; of two at once the other is refused. */
export class ApprovalService {
  constructor(private readonly deps: ApprovalServiceDeps) {}

  /** Newest first. */
  async list(
    caller: Caller,
    options: ListOptions & Scoped & { status?: ApprovalStatus | undefined; kind?: ApprovalKind | undefined },
  ) {
    const { approvals, verbPolicies } = this.deps.repositories;
    const [page, policies] = await Promise.all([
      approvals.list(principalOf(caller), options),
      verbPolicies.list(),
    ]);
    const policyOf = new Map(policies.map((policy) => [policy.verb, policy]));
    return { ...page, items: page.items.map((each) => shown(each, caller, policyOf.get(each.verb))) };
  }

  /** @throws AppError NOT_FOUND */
  async get(caller: Caller, id: string): Promise<Approval> {
    const record = await this.deps.repositories.approvals.get(id, principalOf(caller));
    if (!record) throw noSuch();
    return shown(record, caller, await this.deps.repositories.verbPolicies.get(record.verb));
  }

  /**
   * Does what was asked for, at this moment and by everything that holds at this moment; or nothing.
   * @throws AppError NOT_FOUND; FORBIDDEN, see `approvalRefusal`; CONFLICT when it waits no more, or what was asked for cannot
   *   be done any more (it is `invalid` then); as `CommandService.run` for what may pass: it goes on waiting
   */
  async approve(write: WriteRequest, id: string, note: string | undefined): Promise<Approval> {
    const done = await this.#decide(write, 'approve', id, async (repositories, locked) => {
      const by = principalOf(write.caller);
      const audit = auditEntry(by, write.request, 'success', approvalNote(locked.record, 'approve', note));
      try {
        await repositories.approvals.decide(id, { status: 'approved', by, note });
        if (locked.record.kind === 'command') {
          await acceptApproved(repositories, locked, { approver: write.caller, audit }, this.deps);
          return { audit: undefined, changes: [commandChange(locked.record)] };
        }
        await makeApprovedChange(repositories, locked);
        return { audit, changes: [policyChanged(locked.record.verb)] };
      } catch (error) {
        if (!(error instanceof NoLongerPossible)) throw error;
        await repositories.approvals.decide(id, { status: 'invalid', by, note: error.message });
        return { audit: approvalNote(locked.record, 'invalid', error.message), changes: [] };
      }
    });
    // Kept, like every end of a request; the one who has approved is told that nothing came of it.
    if (done.status === 'invalid') throw new AppError('CONFLICT', done.decision_note ?? undefined);
    return done;
  }

  /** @throws AppError NOT_FOUND; FORBIDDEN, see `approvalRefusal`; CONFLICT when it waits no more */
  reject(write: WriteRequest, id: string, note: string | undefined): Promise<Approval> {
    return this.#end(write, 'reject', 'rejected', id, note);
  }

  /** For who has asked. @throws AppError as `reject` */
  withdraw(write: WriteRequest, id: string, note: string | undefined): Promise<Approval> {
    return this.#end(write, 'withdraw', 'withdrawn', id, note);
  }

  #end(
    write: WriteRequest,
    action: ApprovalAction,
    status: 'rejected' | 'withdrawn',
    id: string,
    note: string | undefined,
  ): Promise<Approval> {
    return this.#decide(write, action, id, async ({ approvals }, { record }) => {
      await approvals.decide(id, { status, by: principalOf(write.caller), note });
      return { audit: approvalNote(record, action, note), changes: [] };
    });
  }

  async #decide(
    write: WriteRequest,
    action: ApprovalAction,
    id: string,
    effect: (repositories: Repositories, locked: LockedApproval) => Promise<Omit<Done<never>, 'answer'>>,
  ): Promise<Approval> {
    const { caller } = write;
    const work = async (repositories: Repositories): Promise<Done<Approval>> => {
      const locked = await repositories.approvals.lock(id, principalOf(caller));
      if (!locked) throw noSuch();
      const policy = await repositories.verbPolicies.get(locked.record.verb);
      const refusal = approvalRefusal(action, locked.record, caller, policy);
      if (refusal) throw refusal;
      const { audit, changes = [] } = await effect(repositories, locked);
      const ended = await repositories.approvals.get(id, principalOf(caller));
      if (!ended) throw noSuch();
      return { answer: shown(ended, caller, policy), audit, changes: [changeOf(ended), ...changes] };
    };
    return this.deps.writes.perform(write, work).catch(async (error: unknown) => {
      if (error instanceof AppError && error.code === 'FORBIDDEN')
        await this.deps.audit.denied(caller, write.request, error.message);
      throw error;
    });
  }
}

const shown = ({ own: _, ...record }: ApprovalRecord, caller: Caller, policy: PolicyRoles): Approval => ({
  ...record,
  may: approvalActions({ ...record, own: _ }, caller, policy),
});

const changeOf = ({ id, agent_id: agent }: ApprovalRecord): Change => ({
  kind: 'approval',
  id,
  ...(agent === null ? {} : { parent_id: agent }),
});

const commandChange = ({ id, agent_id: agent }: ApprovalRecord): Change => ({
  kind: 'command',
  id,
  ...(agent === null ? {} : { parent_id: agent }),
});

/** Of a command its own words, so that its history is found by its id. */
function approvalNote(
  { id, kind, verb, agent_id, parameters, policy_change, policy_id, requested_by }: ApprovalRecord,
  what: ApprovalAction | 'invalid',
  note: string | undefined,
): AuditNote {
  const isApproved = what === 'approve';
  return {
    action: isApproved ? `${kind}.approve` : `approval.${what}`,
    object: kind === 'command' ? { kind: 'command', id } : { kind: 'verb_policy', id: verb },
    detail: {
      approval_id: id,
      verb,
      policy_id,
      requested_by,
      ...(kind === 'command' ? { agent_id, parameters } : { ...policy_change }),
      ...(note === undefined ? {} : { note }),
    },
  };
}
