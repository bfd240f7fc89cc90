import type { IncomingHttpHeaders } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Logger } from '@viw/runtime';
import { AppError, constantTimeEqual, systemClock } from '@viw/runtime';
import { permissionsOf } from '../policy/permissions';
import type { Repositories } from '../store';
import type { Caller } from './caller';
import type { AccessTokens } from './access-tokens';
import { MachineCredentials } from './machine-credentials';
import type { CookieOptions } from './session-cookie';
import { readSessionCookie } from './session-cookie';
import { csrfTokenOf, tokenHash } from './session-token';

export interface AuthenticatorOptions {
  /** A session ends when it was not used for so long, seconds. */
  readonly idleS: number;
  /** And at the latest so long after sign-in, seconds. */
  readonly absoluteS: number;
  readonly cookies: CookieOptions;
}

export interface AuthenticatorDeps {
  readonly repositories: Pick<
    Repositories,
    'sessions' | 'apiKeys' | 'revokedTokens' | 'apiClientCertificates'
  >;
  readonly tokens: Pick<AccessTokens, 'verify'>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Where a credential may stand in a request. */
export interface Presented {
  readonly headers: IncomingHttpHeaders;
  /** SHA-256 of the client certificate that the listener has verified. */
  readonly certificate?: string | undefined;
}

const refused = () => new AppError('UNAUTHENTICATED', 'The credential is not valid');

/** Finds out who calls: API key or token (`Authorization: Bearer`) or, without that header, session cookie, or client certificate. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #deps: AuthenticatorDeps;
  readonly #clock: Clock;
  readonly #machines: MachineCredentials;

  constructor(options: AuthenticatorOptions, deps: AuthenticatorDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#clock = deps.clock ?? systemClock;
    this.#machines = new MachineCredentials({
      ...deps,
      clock: this.#clock,
      note: (update) => this.#note(update),
    });
  }

  /** Longest life of a session, seconds: so long a browser keeps the cookie. */
  get absoluteS(): number {
    return this.#options.absoluteS;
  }

  /** Undefined without any credential. @throws AppError UNAUTHENTICATED for one that is not valid */
  async authenticate({ headers, certificate }: Presented): Promise<Caller | undefined> {
    if (headers.authorization !== undefined) return this.#byBearer(headers.authorization);
    const token = readSessionCookie(headers.cookie, this.#options.cookies);
    if (token !== undefined) return this.#bySession(token);
    if (certificate === undefined) return undefined;
    const caller = await this.#machines.findByCertificate(certificate);
    if (caller === undefined) throw refused();
    return caller;
  }

  /** Writes by cookie carry the session's CSRF token; an API key or token is sent by no browser on its
   * own. A certificate is: writes by it are refused to pages, which always send `Origin`. @throws FORBIDDEN */
  checkCsrf(caller: Caller, headers: IncomingHttpHeaders): void {
    if (caller.credential.kind === 'certificate' && headers.origin !== undefined)
      throw new AppError('FORBIDDEN', 'Writes by certificate are for programs, not for pages');
    if (caller.credential.kind !== 'session') return;
    const given = headers['x-csrf-token'];
    if (typeof given !== 'string' || !constantTimeEqual(given, caller.credential.csrfToken))
      throw new AppError('FORBIDDEN', 'The X-CSRF-Token header is missing or not this session’s');
  }

  /** Whether the credential still counts, with the same role and scope. Does not count as use. */
  async stillValid({ credential, role, scope }: Caller): Promise<boolean> {
    const { sessions } = this.#deps.repositories;
    const found =
      credential.kind === 'session'
        ? await sessions.find(credential.tokenHash)
        : await this.#machines.lookUp(credential);
    return found?.role === role && isDeepStrictEqual(found.scope ?? undefined, scope);
  }

  async #byBearer(header: string): Promise<Caller> {
    const [, bearer = ''] = /^Bearer ([^\s]{1,4096})$/i.exec(header) ?? [];
    const caller = await this.#machines.find(bearer);
    if (caller === undefined) throw refused();
    return caller;
  }

  async #bySession(token: string): Promise<Caller> {
    const { sessions } = this.#deps.repositories;
    const hash = tokenHash(token);
    const session = await sessions.find(hash);
    if (session === undefined) throw refused();
    this.#note(sessions.touch(hash, this.expiry(session.created_at)));
    return {
      kind: 'administrator',
      id: session.administrator_id,
      name: session.email,
      role: session.role,
      scope: session.scope ?? undefined,
      permissions: permissionsOf(session.role, session.scope ?? undefined),
      credential: { kind: 'session', tokenHash: hash, csrfToken: csrfTokenOf(token) },
    };
  }

  /** When a session ends that is used now. @param createdAt ISO 8601 */
  expiry(createdAt: string): string {
    const { idleS, absoluteS } = this.#options;
    const idleEnd = this.#clock.now() + idleS * 1_000;
    return new Date(Math.min(idleEnd, Date.parse(createdAt) + absoluteS * 1_000)).toISOString();
  }

  /** Last use is for people to look at: a request does not wait for it, nor fail with it. */
  #note(update: Promise<void>): void {
    update.catch((error: unknown) => {
      this.#deps.logger.warn({ event: 'last_use_not_noted', error }, 'last use of a credential not noted');
    });
  }
}
