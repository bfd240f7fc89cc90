import type { Clock } from '@viw/runtime';
import { systemClock, uuidv7 } from '@viw/runtime';
import { SignJWT, createLocalJWKSet, jwtVerify } from 'jose';
import type { TokenKey } from './token-keys';

/** RFC 7519: for whom, and by whom. A token of another use, or of another installation’s key, is none of ours. */
const ISSUER = 'viw';
const AUDIENCE = 'viw-api';
const TYPE = 'at+jwt';
const SKEW_S = 5;

export interface IssuedToken {
  readonly jti: string;
  readonly token: string;
  readonly expires_at: string;
}

export interface VerifiedToken {
  readonly jti: string;
  readonly clientId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Short-lived JWTs of API clients (RFC 9068 in form). Role and scope do not stand in them: they are those of the moment of use. */
export class AccessTokens {
  readonly #keys: readonly [TokenKey, ...TokenKey[]];
  readonly #resolve: ReturnType<typeof createLocalJWKSet>;
  readonly #clock: Clock;

  /** The first key signs, all of them verify. */
  constructor({ keys }: { readonly keys: readonly [TokenKey, ...TokenKey[]] }, deps: { clock?: Clock } = {}) {
    this.#keys = keys;
    this.#resolve = createLocalJWKSet({ keys: keys.map(({ publicJwk }) => publicJwk as { kty: string }) });
    this.#clock = deps.clock ?? systemClock;
  }

  /** What anybody may verify tokens with (RFC 7517). */
  get jwks(): { keys: Record<string, unknown>[] } {
    return { keys: this.#keys.map(({ publicJwk }) => ({ ...publicJwk })) };
  }

  async issue(clientId: string, ttlS: number): Promise<IssuedToken> {
    const [{ alg, kid, privateKey }] = this.#keys;
    const now = Math.floor(this.#clock.now() / 1_000);
    const jti = uuidv7();
    const token = await new SignJWT({})
      .setProtectedHeader({ alg, kid, typ: TYPE })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(clientId)
      .setJti(jti)
      .setIssuedAt(now)
      .setExpirationTime(now + ttlS)
      .sign(privateKey);
    return { jti, token, expires_at: new Date((now + ttlS) * 1_000).toISOString() };
  }

  /** Undefined for whatever is not a token of ours that is in its time. Whether it was revoked is not looked at here. */
  async verify(token: string): Promise<VerifiedToken | undefined> {
    try {
      const { payload } = await jwtVerify(token, this.#resolve, {
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: TYPE,
        algorithms: [...new Set(this.#keys.map(({ alg }) => alg))],
        requiredClaims: ['exp', 'iat', 'jti', 'sub'],
        clockTolerance: SKEW_S,
        currentDate: new Date(this.#clock.now()),
      });
      const { jti = '', sub: clientId = '', exp = 0 } = payload;
      return { jti, clientId, expiresAt: exp * 1_000 };
    } catch {
      return undefined;
    }
  }
}
