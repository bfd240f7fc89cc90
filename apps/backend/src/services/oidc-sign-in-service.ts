import type { ExternalIdentity, OidcCallback, OidcFailure, SignInWays } from '@viw/contracts';
import type { AuditEntry } from '@viw/database';
import { AppError, constantTimeEqual } from '@viw/runtime';
import type { AddressLimiter } from '../auth/address-limiter';
import type { Authenticator } from '../auth/authenticator';
import { anonymous } from '../auth/caller';
import { SIGN_IN_LIFE_S, boundValues } from '../auth/oidc/browser-token';
import type { IdentityProvider } from '../auth/oidc/identity-provider';
import { newSessionToken, tokenHash } from '../auth/session-token';
import type { RequestFacts } from '../http/route';
import type { Store } from '../store';
import type { AuditTrail } from './audit-trail';
import { auditEntry } from './audit-trail';
import { openSession } from './open-session';

export interface OidcSignInOptions {
  /** How the sign-in page calls the provider. */
  readonly name: string;
}

export interface OidcSignInDeps {
  /** Undefined: there is none, and nobody signs in this way. */
  readonly provider: Pick<IdentityProvider, 'authorizationUrl' | 'redeem'> | undefined;
  readonly store: Store;
  readonly authenticator: Pick<Authenticator, 'expiry' | 'absoluteS'>;
  /** Of sign-ins that fail. */
  readonly limiter: AddressLimiter;
  readonly audit: AuditTrail;
}

export interface CompletedSignIn {
  /** Where the browser goes: a path of this origin. */
  readonly location: string;
  /** The browser's token has served. False: what came belongs to no sign-in of this browser, and disturbs none. */
  readonly over: boolean;
  /** Undefined: nobody was signed in, and the page says why. */
  readonly session?: { readonly token: string; readonly maxAgeS: number };
}

interface Refusal {
  readonly failure: OidcFailure;
  readonly actor?: AuditEntry['actor'];
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Sign-in by an identity provider. It vouches for (issuer, subject), and an administrator must have said beforehand whom that
 * means: nobody is known by an e-mail address, and no account comes to be by signing in.
 */
export class OidcSignInService {
  constructor(
    private readonly options: OidcSignInOptions,
    private readonly deps: OidcSignInDeps,
  ) {}

  ways(): SignInWays {
    return { password: true, oidc: this.deps.provider === undefined ? null : { name: this.options.name } };
  }

  /**
   * @returns the provider's page, and the token for the browser's cookie
   * @throws AppError NOT_FOUND without a provider; UNAVAILABLE when it does not answer
   */
  async begin(returnTo: string): Promise<{ url: string; token: string }> {
    const token = newSessionToken();
    const url = await this.#provider().authorizationUrl(boundValues(token));
    await this.deps.store.repositories.oidcSignIns.begin({
      tokenHash: tokenHash(token),
      returnTo,
      expiresInS: SIGN_IN_LIFE_S,
    });
    return { url, token };
  }

  /**
   * What the provider had the browser bring back.
   * @param token of the browser's cookie
   * @throws AppError NOT_FOUND without a provider. Whatever else goes wrong is said in `location`.
   */
  async complete(
    token: string | undefined,
    query: OidcCallback,
    facts: RequestFacts,
  ): Promise<CompletedSignIn> {
    const provider = this.#provider();
    const begun = await this.#taken(token, query.state);
    if (begun === undefined) return this.#refuse({ failure: 'not_begun_here' }, facts);
    let identity: ExternalIdentity;
    try {
      identity = await provider.redeem(query, begun.bound);
    } catch (error) {
      return this.#refuse(refusalOf(error), facts);
    }
    const opened = await this.#open(identity, facts);
    if ('failure' in opened) return this.#refuse(opened, facts);
    return {
      location: begun.returnTo,
      over: true,
      session: { token: opened.token, maxAgeS: this.deps.authenticator.absoluteS },
    };
  }

  #provider() {
    const { provider } = this.deps;
    if (provider === undefined) throw new AppError('NOT_FOUND', 'No identity provider is configured');
    return provider;
  }

  /** Only by the browser that has begun it, and once. */
  async #taken(token: string | undefined, state: string | undefined) {
    if (token === undefined || state === undefined) return undefined;
    const bound = boundValues(token);
    if (!constantTimeEqual(bound.state, state)) return undefined;
    const row = await this.deps.store.repositories.oidcSignIns.take(tokenHash(token));
    return row && { bound, returnTo: row.return_to };
  }

  #open(identity: ExternalIdentity, facts: RequestFacts) {
    const expiresAt = this.deps.authenticator.expiry(new Date().toISOString());
    const detail = { by: 'oidc', ...identity };
    return this.deps.store.transaction(async (repositories) => {
      const account = await repositories.administrators.findByIdentity(identity);
      const actor = account && { kind: 'administrator', id: account.id, name: account.email };
      if (account === undefined || account.disabled_at !== null)
        return {
          failure: 'unknown_identity',
          ...(actor === undefined ? {} : { actor }),
          detail: { ...identity, ...(account === undefined ? {} : { disabled: true }) },
        } satisfies Refusal;
      return openSession(repositories, { account, expiresAt, detail }, facts);
    });
  }

  async #refuse({ failure, actor = anonymous, detail = {} }: Refusal, facts: RequestFacts) {
    const location = (reason: OidcFailure): CompletedSignIn => ({
      location: `/?${new URLSearchParams({ sign_in_error: reason, reference: facts.correlationId }).toString()}`,
      over: failure !== 'not_begun_here',
    });
    try {
      this.deps.limiter.failed(facts.address);
    } catch {
      return location('too_many');
    }
    const note = { action: 'session.create', detail: { by: 'oidc', reason: failure, ...detail } };
    await this.deps.audit.append(auditEntry(actor, facts, 'failure', note));
    return location(failure);
  }
}

/** @throws what is no refusal of ours */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof AppError)) throw error;
  if (error.code === 'UNAVAILABLE') return { failure: 'provider_unavailable' };
  const { reason, check } = error.meta;
  if (error.code !== 'FORBIDDEN') throw error;
  return {
    failure: reason === 'refused_by_provider' ? 'refused_by_provider' : 'not_believed',
    detail: { check },
  };
}
