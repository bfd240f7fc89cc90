import { commandClaims } from '@viw/contracts';
import type { CommandClaims } from '@viw/contracts';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import { CompactSign } from 'jose';
import type { PrivateSigningKey, TrustedKey } from './keys';
import { jsonOfPayload, openTrustedJws } from './trust/trusted-jws';

/** Keeps a signature made for something else from passing as a command. */
export const commandTokenType = 'viw-command+jws';

/** How far ahead of our clock the signer's may be. */
const ISSUED_AHEAD_MAX_SECONDS = 60;

export interface CommandSignerOptions {
  readonly key: PrivateSigningKey;
}

/** Signs commands: compact JWS (RFC 7515), EdDSA over Ed25519 (RFC 8037), header `{alg, kid, typ}`. */
export class CommandSigner {
  readonly #key: PrivateSigningKey;

  constructor({ key }: CommandSignerOptions) {
    this.#key = key;
  }

  /** @throws ZodError for claims that do not match their schema: nothing is signed that no host would accept */
  sign(claims: CommandClaims): Promise<string> {
    return new CompactSign(Buffer.from(JSON.stringify(commandClaims.parse(claims))))
      .setProtectedHeader({ alg: 'EdDSA', kid: this.#key.kid, typ: commandTokenType })
      .sign(this.#key);
  }
}

export interface CommandVerifierOptions {
  /** Public keys whose commands count. */
  readonly trustedKeys: readonly TrustedKey[];
}

export interface CommandExpectations {
  /** Must be among the targets. */
  readonly agentId: string;
  /** What the envelope around the signature said. Checked when given. */
  readonly verb?: string;
  readonly correlationId?: string;
  /** Milliseconds since the epoch; default: the verifier's clock. */
  readonly now?: number;
  /** `later`: the caller looks into its journal first and then calls `assertNotExpired` itself. Default `now`. */
  readonly checkExpiry?: 'now' | 'later';
}

/** Decides whether a command may be believed. Safe for concurrent use. */
export class CommandVerifier {
  readonly #keys: ReadonlyMap<string, TrustedKey>;
  readonly #clock: Clock;

  constructor({ trustedKeys }: CommandVerifierOptions, { clock = systemClock }: { clock?: Clock } = {}) {
    this.#keys = new Map(trustedKeys.map((key) => [key.kid, key]));
    this.#clock = clock;
  }

  /**
   * @throws AppError INVALID_SIGNATURE (not a JWS, other `typ` or algorithm, unknown key, altered, or envelope and
   *   claims name different commands); SCHEMA_MISMATCH (signed, but no command, or issued more than 60 s ahead of
   *   our clock); PERMISSION_DENIED (not a target); EXPIRED
   */
  async verify(jws: string, expected: CommandExpectations): Promise<CommandClaims> {
    const claims = parseClaims(
      await openTrustedJws(jws, this.#keys, { typ: commandTokenType, kind: 'a command' }),
    );
    if (!claims.agent_targets.includes(expected.agentId)) {
      throw new AppError('PERMISSION_DENIED', 'the command is signed for other gateways');
    }
    if (expected.verb !== undefined && claims.verb !== expected.verb) {
      throw new AppError('INVALID_SIGNATURE', 'the signed verb is another one');
    }
    if (expected.correlationId !== undefined && claims.corr_id !== expected.correlationId.toLowerCase()) {
      throw new AppError('INVALID_SIGNATURE', 'the signed correlation id is another one');
    }
    const now = expected.now ?? this.#clock.now();
    if (claims.iat > now / 1_000 + ISSUED_AHEAD_MAX_SECONDS) {
      throw new AppError('SCHEMA_MISMATCH', 'the command is issued in the future: a clock is wrong');
    }
    if (expected.checkExpiry !== 'later') assertNotExpired(claims, now);
    return claims;
  }
}

/** @throws AppError EXPIRED once `exp` has been reached; `now` in milliseconds */
export function assertNotExpired(claims: Pick<CommandClaims, 'exp'>, now: number): void {
  if (now >= claims.exp * 1_000) {
    throw new AppError('EXPIRED', 'the command’s time to live is over', {
      meta: { expired_at: new Date(claims.exp * 1_000).toISOString() },
    });
  }
}

function parseClaims(payload: Uint8Array): CommandClaims {
  const value = jsonOfPayload(payload);
  if (value === undefined) throw new AppError('SCHEMA_MISMATCH', 'the signed text is not JSON');
  const parsed = commandClaims.safeParse(value);
  if (!parsed.success) throw new AppError('SCHEMA_MISMATCH', 'the signed claims are not those of a command');
  return parsed.data;
}
