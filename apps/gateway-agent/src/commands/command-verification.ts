import { assertNotExpired, findVerb, NonceMemory } from '@viw/commands';
import type { CommandVerifier } from '@viw/commands';
import { limits } from '@viw/contracts';
import type { CommandClaims, CommandFrame } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Clock } from '@viw/runtime';

export interface CommandVerificationOptions {
  readonly agentId: string;
}

export interface CommandVerificationDeps {
  /** By the backend's keys as they are trusted at this moment. */
  readonly trust: { verifier(): Promise<Pick<CommandVerifier, 'verify'>> };
  /** The hub's time, as far as it is known. */
  readonly clock: Clock;
}

const LIFE_MS = limits.envelopeSeconds * 1_000;
const SKEW_MS = limits.envelopeSkewSeconds * 1_000;
const NONCES_MAX = 10_000;

/**
 * Decides whether a COMMAND may be carried out. In two steps, because a repeated delivery of a command that was
 * carried out already is answered from the journal even when its time is over by now.
 */
export class CommandVerification {
  readonly #agentId: string;
  readonly #deps: CommandVerificationDeps;
  readonly #nonces: NonceMemory;

  constructor({ agentId }: CommandVerificationOptions, deps: CommandVerificationDeps) {
    this.#agentId = agentId;
    this.#deps = deps;
    // Longer than any envelope is accepted.
    this.#nonces = new NonceMemory(
      { windowMs: LIFE_MS + 2 * SKEW_MS, capacity: NONCES_MAX },
      { clock: deps.clock },
    );
  }

  /**
   * Is it a command of the backend's for this gateway?
   *
   * @throws AppError INVALID_SIGNATURE, SCHEMA_MISMATCH, PERMISSION_DENIED, UNKNOWN_VERB
   */
  async verify(frame: CommandFrame): Promise<CommandClaims> {
    if (frame.agent_id !== this.#agentId)
      throw new AppError('PERMISSION_DENIED', 'the envelope is for another gateway');
    const verifier = await this.#deps.trust.verifier();
    const claims = await verifier.verify(frame.jws, {
      agentId: this.#agentId,
      verb: frame.verb,
      correlationId: frame.correlation_id,
      now: this.#deps.clock.now(),
      checkExpiry: 'later',
    });
    if (findVerb(claims.verb) === undefined)
      throw new AppError('UNKNOWN_VERB', 'this agent does not know the verb');
    return claims;
  }

  /**
   * May it be started now: in time, and in a fresh envelope that was not used before?
   *
   * @throws AppError EXPIRED, SCHEMA_MISMATCH, REPLAY_DETECTED, RATE_LIMITED
   */
  admit(frame: CommandFrame, claims: CommandClaims): void {
    const now = this.#deps.clock.now();
    assertNotExpired(claims, now);
    assertEnvelopeFresh(frame, now);
    this.#nonces.accept(frame.nonce);
  }
}

function assertEnvelopeFresh(frame: CommandFrame, now: number): void {
  const issued = Date.parse(frame.issued_at);
  const expires = Date.parse(frame.expires_at);
  if (!(expires > issued) || expires - issued > LIFE_MS)
    throw new AppError('SCHEMA_MISMATCH', `the envelope must live for at most ${limits.envelopeSeconds} s`);
  if (issued > now + SKEW_MS)
    throw new AppError('EXPIRED', 'the envelope is from the future: a clock is wrong');
  if (expires < now - SKEW_MS) throw new AppError('EXPIRED', 'the envelope is too old, or a clock is wrong');
}
