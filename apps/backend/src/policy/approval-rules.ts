import type { ApprovalAction, Role } from '@viw/contracts';
import { approvalAction } from '@viw/contracts';
import type { ApprovalRecord } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Caller } from '../auth/caller';
import { may } from './access';

/** Roles that the verb's policy lets run it; undefined: it has none. */
export type PolicyRoles = { readonly roles: readonly Role[] } | undefined;

const forbidden = (message: string): AppError => new AppError('FORBIDDEN', message);

/**
 * Why the caller may not do this; undefined: it may. An approval is a person's, who neither has asked nor holds a credential of
 * the API client that has, and who might run the verb as well: FORBIDDEN. What waits no more: CONFLICT.
 */
export function approvalRefusal(
  action: ApprovalAction,
  record: ApprovalRecord,
  caller: Caller,
  policy: PolicyRoles,
): AppError | undefined {
  if (action === 'withdraw') {
    if (!record.own || !may(caller, 'commands:run')) return forbidden('Only who has asked may withdraw it');
  } else {
    if (!may(caller, 'commands:approve')) return forbidden('This needs the permission commands:approve');
    if (caller.kind !== 'administrator' || caller.credential.kind !== 'session')
      return forbidden('Only a person who has signed in decides about it');
    if (record.own)
      return forbidden('You have asked for it, or made the API client that has: somebody else has to decide');
    if (record.kind === 'verb_policy' && !may(caller, 'policies:write'))
      return forbidden('This needs the permission policies:write');
    if (action === 'approve' && record.kind === 'command' && policy && !policy.roles.includes(caller.role))
      return forbidden(`The policy of ${record.verb} lets only ${policy.roles.join(' and ')} run it`);
  }
  return record.status === 'waiting'
    ? undefined
    : new AppError('CONFLICT', `It does not wait any more: ${record.status}`);
}

/** What the caller may do about it now. */
export const approvalActions = (
  record: ApprovalRecord,
  caller: Caller,
  policy: PolicyRoles,
): ApprovalAction[] =>
  approvalAction.options.filter((action) => approvalRefusal(action, record, caller, policy) === undefined);
