import type { IncomingHttpHeaders } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Logger } from '@viw/runtime';
import { AppError, constantTimeEqual, systemClock } from '@viw/runtime';
import { hashApiSecret, parseApiKey, verifyApiKey } from '@viw/secrets';
import { permissionsOf } from '../policy/permissions';
import type { Repositories } from '../store';
import type { Caller } from './caller';
import { KnownApiKeys } from './known-api-keys';
import { readSessionCookie } from './session-cookie';
import { csrfTokenOf, tokenHash } from './session-token';

export interface AuthenticatorOptions {
  /** A session ends when it was not used for so long, seconds. */
  readonly idleS: number;
  /** And at the latest so long after sign-in, seconds. */
  readonly absoluteS: number;
}

export interface AuthenticatorDeps {
  readonly repositories: Pick<Repositories, 'sessions' | 'apiKeys'>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

const refused = () => new AppError('UNAUTHENTICATED', 'The credential is not valid');

/** Finds out who calls: API key (`Authorization: Bearer`) or, without that header, session cookie. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #deps: AuthenticatorDeps;
  readonly #clock: Clock;
  readonly #apiKeys: KnownApiKeys;

  constructor(options: AuthenticatorOptions, deps: AuthenticatorDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#clock = deps.clock ?? systemClock;
    this.#apiKeys = new KnownApiKeys({ apiKeys: deps.repositories.apiKeys, clock: this.#clock });
  }

  /** Longest life of a session, seconds: so long a browser keeps the cookie. */
  get absoluteS(): number {
    return this.#options.absoluteS;
  }

  /** Undefined without any credential. @throws AppError UNAUTHENTICATED for one that is not valid */
  async authenticate(headers: IncomingHttpHeaders): Promise<Caller | undefined> {
    if (headers.authorization !== undefined) return this.#byApiKey(headers.authorization);
    const token = readSessionCookie(headers.cookie);
    return token === undefined ? undefined : this.#bySession(token);
  }

  /** IdempotentWrites by cookie carry the session's CSRF token; an API key is sent by no browser on its own. @throws FORBIDDEN */
  checkCsrf(caller: Caller, headers: IncomingHttpHeaders): void {
    if (caller.credential.kind !== 'session') return;
    const given = headers['x-csrf-token'];
    if (typeof given !== 'string' || !constantTimeEqual(given, caller.credential.csrfToken))
      throw new AppError('FORBIDDEN', 'The X-CSRF-Token header is missing or not this session’s');
  }

  /** Whether the credential still counts, with the same role and scope. Does not count as use. */
  async stillValid({ credential, role, scope }: Caller): Promise<boolean> {
    const { sessions, apiKeys } = this.#deps.repositories;
    const found =
      credential.kind === 'session'
        ? await sessions.find(credential.tokenHash)
        : await apiKeys.findUsable(credential.id);
    return found?.role === role && isDeepStrictEqual(found.scope ?? undefined, scope);
  }

  async #byApiKey(header: string): Promise<Caller> {
    const [, key = ''] = /^Bearer ([^\s]{1,256})$/i.exec(header) ?? [];
    const parsed = parseApiKey(key);
    if (parsed === undefined) throw refused();
    const known = await this.#apiKeys.find(parsed.id);
    const matches = verifyApiKey(parsed.secret, known?.secret_hash ?? hashApiSecret(''));
    if (known === undefined || !matches) throw refused();
    this.#note(this.#apiKeys.noteUse(known.id));
    return {
      kind: 'api_client',
      id: known.client_id,
      name: known.client_name,
      role: known.role,
      scope: known.scope ?? undefined,
      permissions: permissionsOf(known.role, known.scope ?? undefined),
      credential: { kind: 'api_key', id: known.id },
    };
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
