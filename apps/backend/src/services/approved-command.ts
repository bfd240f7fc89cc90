import { requireVerb } from '@viw/commands';
import type { Role } from '@viw/contracts';
import { limits } from '@viw/contracts';
import type { AuditEntry, LockedApproval } from '@viw/database';
import type { Clock } from '@viw/runtime';
import type { Repositories } from '../store';
import type { CommandKeyring } from '../trust/command-keyring';
import { assertPolicyAllows, assertPolicyHasRole, assertTakesCommands } from './command-target-checks';
import { assertStillInScope, NoLongerPossible, requesterToday } from './requester';
import { signCommand } from './seal-and-sign';

export interface ApprovedCommandDeps {
  readonly signer: Pick<CommandKeyring, 'sign'>;
  readonly clock?: Clock;
}

type Accepting = Pick<Repositories, 'commands' | 'administrators' | 'apiClients' | 'scopes'>;

/**
 * Accepts a command whose request has just been marked as approved in this transaction: everything that is checked when a
 * command is accepted is checked as it is now, for the one who has asked. It is signed in that one's name, from now on.
 *
 * @param approval who approves, by the policy that the command is accepted under; and its audit line, written with the command
 * @throws NoLongerPossible; AppError as `CommandService.run` for what may pass, FORBIDDEN when the approver may not run it
 */
export async function acceptApproved(
  { commands, ...repositories }: Accepting,
  { record, arguments: args, sealing_key: sealedTo }: LockedApproval,
  { approver, audit }: { readonly approver: { readonly role: Role }; readonly audit: AuditEntry },
  deps: ApprovedCommandDeps,
): Promise<void> {
  const { id, agent_id: agentId, parameters, ttl_s: ttlS, requested_by: by } = record;
  if (agentId === null || parameters === null || ttlS === null || args === null)
    throw new NoLongerPossible('The request is incomplete');
  const verb = requireVerb(record.verb);
  const requester = await requesterToday(repositories, by, 'commands:run');
  await assertStillInScope(repositories, requester, { agentId, verb: verb.verb, name: by.name });
  const request = {
    correlation_id: id,
    agent_id: agentId,
    verb: verb.verb,
    parameters_redacted: parameters,
    issued_by: by,
  };
  const accepted = await commands.accept(
    request,
    (target) => {
      assertTakesCommands(agentId, target, verb);
      assertPolicyHasRole(approver.role, verb, target);
      if (target.policy && !(target.policy.roles as readonly string[]).includes(requester.role))
        throw new NoLongerPossible(`The policy of ${verb.verb} does not let ${by.name} run it any more`);
      assertPolicyAllows(requester.role, verb, agentId, target);
      if (sealedTo && sealedTo.x !== target.sealing_key?.x)
        throw new NoLongerPossible(
          `${agentId} has another sealing key since: its secrets have to be given again`,
        );
      return signCommand(
        {
          ...{ agentId, verb, args, ttlS, correlationId: id, plainSecrets: false },
          actor: { id: by.id, role: requester.role },
          policyId: target.policy?.id,
        },
        deps,
      );
    },
    { maxOpen: limits.commandQueuePerAgent, audit },
  );
  if (!accepted.created) throw new NoLongerPossible('Its id belongs to another command');
}
