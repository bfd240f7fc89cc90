import type { Permission, Role, Scope } from '@viw/contracts';
import type { Principal } from '@viw/database';
import { permissionsOf } from '../policy/permissions';
import { verbIsInScope } from '../policy/scope-rules';
import type { Repositories } from '../store';

/** What was asked for cannot be done any more as it was asked for; the request ends. */
export class NoLongerPossible extends Error {}

export interface Requester {
  readonly role: Role;
  readonly scope: Scope | undefined;
  readonly permissions: ReadonlySet<Permission>;
}

type Known = Pick<Repositories, 'administrators' | 'apiClients'>;

/** Who has asked, with role and scope of today. @throws NoLongerPossible when the account is gone or locked, or may not any more */
export async function requesterToday(
  { administrators, apiClients }: Known,
  { kind, id, name }: Principal,
  needed: Permission,
): Promise<Requester> {
  const account = kind === 'administrator' ? await administrators.get(id) : await apiClients.get(id);
  if (!account || account.disabled_at !== null)
    throw new NoLongerPossible(`${name}, who has asked for it, is removed or locked`);
  const scope = account.scope ?? undefined;
  const permissions = permissionsOf(account.role, scope);
  if (!permissions.has(needed))
    throw new NoLongerPossible(`${name}, who has asked for it, has not the permission ${needed} any more`);
  return { role: account.role, scope, permissions };
}

/** @throws NoLongerPossible when gateway or verb lies outside the scope of who has asked */
export async function assertStillInScope(
  { scopes }: Pick<Repositories, 'scopes'>,
  { scope }: Requester,
  { agentId, verb, name }: { readonly agentId: string; readonly verb: string; readonly name: string },
): Promise<void> {
  if (scope === undefined) return;
  const held =
    verbIsInScope(scope, verb) && (await scopes.holdAll(scope, [{ kind: 'gateway', id: agentId }]));
  if (!held) throw new NoLongerPossible(`It lies outside the scope of ${name}, who has asked for it`);
}
