import type { Me } from '@viw/contracts';
import type { Administrator } from '@viw/database';
import { csrfTokenOf, newSessionToken, tokenHash } from '../auth/session-token';
import type { RequestFacts } from '../http/route';
import { permissionsOf } from '../policy/permissions';
import type { Repositories } from '../store';
import { auditEntry } from './audit-trail';

export interface OpenedSession {
  /** For the cookie; stored nowhere. */
  readonly token: string;
  readonly csrfToken: string;
}

export interface SignIn {
  readonly account: Pick<Administrator, 'id' | 'email'>;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** For the audit line. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** However somebody has proved who he is: one kind of session, with its audit line in the same transaction. */
export async function openSession(
  { sessions, administrators, audit }: Pick<Repositories, 'sessions' | 'administrators' | 'audit'>,
  { account, expiresAt, detail }: SignIn,
  facts: RequestFacts,
): Promise<OpenedSession> {
  const token = newSessionToken();
  const csrfToken = csrfTokenOf(token);
  await sessions.create({
    token_hash: tokenHash(token),
    csrf_hash: tokenHash(csrfToken),
    administrator_id: account.id,
    expires_at: expiresAt,
    address: facts.address,
    user_agent: facts.headers['user-agent']?.slice(0, 256),
  });
  await administrators.recordSignIn(account.id);
  const actor = { kind: 'administrator', id: account.id, name: account.email };
  const note = { action: 'session.create', ...(detail === undefined ? {} : { detail }) };
  await audit.append(auditEntry(actor, facts, 'success', note));
  return { token, csrfToken };
}

export const describeAdministrator = (
  { id, email, role, scope }: Pick<Administrator, 'id' | 'email' | 'role' | 'scope'>,
  csrfToken: string,
): Me => ({
  kind: 'administrator',
  id,
  name: email,
  role,
  permissions: [...permissionsOf(role, scope ?? undefined)],
  ...(scope === null ? {} : { scope }),
  csrf_token: csrfToken,
});
