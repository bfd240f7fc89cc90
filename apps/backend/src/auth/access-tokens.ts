import { TOKEN_MAX_S } from '@viw/contracts';
import type { Clock } from '@viw/runtime';
import { systemClock, uuidv7 } from '@viw/runtime';
import { SignJWT, createLocalJWKSet, jwtVerify } from 'jose';
import type { TokenKeyring, TokenKeys } from './token-keyring';

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
  readonly #keyring: Pick<TokenKeyring, 'keys'>;
  readonly #clock: Clock;
  #resolver: { readonly of: TokenKeys; readonly resolve: ReturnType<typeof createLocalJWKSet> } | undefined;

  constructor({ keyring, clock = systemClock }: { keyring: Pick<TokenKeyring, 'keys'>; clock?: Clock }) {
    this.#keyring = keyring;
    this.#clock = clock;
  }

  /** What anybody may verify tokens with (RFC 7517). @throws as the keyring */
  async jwks(): Promise<{ keys: Record<string, unknown>[] }> {
    return { keys: (await this.#keyring.keys()).map(({ publicJwk }) => ({ ...publicJwk })) };
  }

  async issue(clientId: string, ttlS: number): Promise<IssuedToken> {
    const [{ alg, kid, privateKey }] = await this.#keyring.keys();
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

  /**
   * Undefined for whatever is not a token of ours that is in its time. Whether it was revoked is not looked at here.
   * @throws as the keyring
   */
  async verify(token: string): Promise<VerifiedToken | undefined> {
    const keys = await this.#keyring.keys();
    try {
      const { payload } = await jwtVerify(token, this.#resolverOf(keys), {
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: TYPE,
        algorithms: [...new Set(keys.map(({ alg }) => alg))],
        requiredClaims: ['exp', 'iat', 'jti', 'sub'],
        clockTolerance: SKEW_S,
        currentDate: new Date(this.#clock.now()),
      });
      const { jti = '', sub: clientId = '', exp = 0, iat = 0 } = payload;
      // None that we have issued lives longer.
      if (exp - iat > TOKEN_MAX_S) return undefined;
      return { jti, clientId, expiresAt: exp * 1_000 };
    } catch {
      return undefined;
    }
  }

  #resolverOf(keys: TokenKeys): ReturnType<typeof createLocalJWKSet> {
    if (this.#resolver?.of !== keys) {
      const published = keys.map(({ publicJwk }) => publicJwk as { kty: string });
      this.#resolver = { of: keys, resolve: createLocalJWKSet({ keys: published }) };
    }
    return this.#resolver.resolve;
  }
}
