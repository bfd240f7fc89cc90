import type { Me } from '@viw/contracts';
import { AppError, constantTimeEqual } from '@viw/runtime';
import type { Authenticator } from '../auth/authenticator';
import type { Caller } from '../auth/caller';
import { anonymous, principalOf } from '../auth/caller';
import type { Passwords } from '../auth/passwords';
import type { SignInLimiter } from '../auth/sign-in-limiter';
import type { RequestFacts } from '../http/route';
import type { Store } from '../store';
import type { AuditTrail } from './audit-trail';
import { auditEntry } from './audit-trail';
import { describeAdministrator, openSession } from './open-session';
import type { SecondFactorService } from './second-factor-service';

export interface SignInOptions {
  /** Absent: the first administrator cannot be made. */
  readonly setupToken?: string | undefined;
}

export interface SignInDeps {
  readonly store: Store;
  readonly authenticator: Authenticator;
  readonly passwords: Passwords;
  readonly limiter: SignInLimiter;
  readonly secondFactor: Pick<SecondFactorService, 'take'>;
  readonly audit: AuditTrail;
}

/** How people come in and go out. */
export class SignInService {
  constructor(
    private readonly options: SignInOptions,
    private readonly deps: SignInDeps,
  ) {}

  /**
   * The first administrator, once.
   * @throws AppError RATE_LIMITED; FORBIDDEN for a wrong token, also when setup is closed; CONFLICT when there is one
   */
  async setup(
    input: { readonly setup_token: string; readonly email: string; readonly password: string },
    facts: RequestFacts,
  ): Promise<void> {
    const { store, passwords, limiter, audit } = this.deps;
    await limiter.attempt('setup', facts.address);
    const expected = this.options.setupToken;
    if (expected === undefined || !constantTimeEqual(input.setup_token, expected)) {
      await audit.append(auditEntry(anonymous, facts, 'denied', { action: 'setup' }));
      throw new AppError('FORBIDDEN', 'The setup token is not valid');
    }
    await limiter.succeeded('setup', facts.address);
    const passwordHash = await passwords.hash(input.password);
    await store.transaction(async ({ administrators, audit: log }) => {
      const { id, email } = await administrators.createFirst({
        email: input.email,
        password_hash: passwordHash,
        role: 'admin',
      });
      const actor = { kind: 'administrator', id, name: email };
      const object = { kind: 'administrator', id };
      await log.append(auditEntry(actor, facts, 'success', { action: 'setup', object }));
    });
  }

  /**
   * @returns the session's token for the cookie, and what the caller may
   * @throws AppError RATE_LIMITED; UNAUTHENTICATED, the same for an unknown account, one without a password, a wrong
   *   password and a wrong code; SECOND_FACTOR_REQUIRED when all but the code is right
   */
  async signIn(
    input: { readonly email: string; readonly password: string; readonly code?: string | undefined },
    facts: RequestFacts,
  ): Promise<{ token: string; maxAgeS: number; me: Me }> {
    const { store, authenticator, passwords, limiter, audit } = this.deps;
    await limiter.attempt(input.email, facts.address);
    const account = await store.repositories.administrators.findForSignIn(input.email);
    const right = await passwords.verify(input.password, account?.password_hash ?? undefined);
    const factor = right && account?.second_factor === true ? account.totp_sealed : null;
    const complete = factor === null || input.code !== undefined;
    const codeFits =
      account && factor !== null && input.code !== undefined
        ? await this.deps.secondFactor.take(
            store.repositories,
            { id: account.id, sealed: factor },
            input.code,
          )
        : true;
    if (!account || !right || !complete || !codeFits) {
      const actor = account ? { kind: 'administrator', id: account.id, name: account.email } : anonymous;
      const detail = complete ? {} : { detail: { second_factor: 'missing' } };
      await audit.append(auditEntry(actor, facts, 'failure', { action: 'session.create', ...detail }));
      if (!complete) throw new AppError('SECOND_FACTOR_REQUIRED');
      const what =
        input.code === undefined ? 'E-mail address or password' : 'E-mail address, password or code';
      throw new AppError('UNAUTHENTICATED', `${what} is wrong`);
    }
    await limiter.succeeded(input.email, facts.address);
    const expiresAt = authenticator.expiry(new Date().toISOString());
    const { token, csrfToken } = await store.transaction(async (repositories) => {
      // Changed since it was checked: what ended the account's sessions has not seen this one.
      if (!(await repositories.administrators.holdForSignIn(account)))
        throw new AppError('UNAUTHENTICATED', 'The account was changed just now: try again');
      return openSession(repositories, { account, expiresAt }, facts);
    });
    return { token, maxAgeS: authenticator.absoluteS, me: describeAdministrator(account, csrfToken) };
  }

  /** @throws AppError BAD_REQUEST for a caller without a session */
  async signOut(caller: Caller, facts: RequestFacts): Promise<void> {
    const { credential } = caller;
    if (credential.kind !== 'session') throw new AppError('BAD_REQUEST', 'An API key has no session to end');
    await this.deps.store.transaction(async ({ sessions, audit }) => {
      await sessions.delete(credential.tokenHash);
      await audit.append(auditEntry(principalOf(caller), facts, 'success', { action: 'session.delete' }));
    });
  }
}

export const describeCaller = ({ kind, id, name, role, scope, permissions, credential }: Caller): Me => ({
  kind,
  id,
  name,
  role,
  permissions: [...permissions],
  ...(scope === undefined ? {} : { scope }),
  ...(credential.kind === 'session' ? { csrf_token: credential.csrfToken } : {}),
});
