import { helperRequestMac, NonceMemory } from '@viw/commands';
import { helperRequest } from '@viw/contracts';
import type { HelperRequest } from '@viw/contracts';
import { AppError, constantTimeEqual, fieldErrors, systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';

/** Agent and helper share a clock; this is for requests around a leap or a step of it. */
const AHEAD_MAX_MS = 60_000;
const TTL_MAX_MS = 300_000;

export interface RequestAuthenticationOptions {
  readonly agentId: string;
  readonly secret: string;
}

/** Lets in what the agent of this host has just asked for, once. Says nothing about what may be done. */
export class RequestAuthentication {
  readonly #options: RequestAuthenticationOptions;
  readonly #clock: Clock;
  readonly #nonces: NonceMemory;

  constructor(options: RequestAuthenticationOptions, { clock = systemClock }: { clock?: Clock } = {}) {
    this.#options = options;
    this.#clock = clock;
    this.#nonces = new NonceMemory({ windowMs: TTL_MAX_MS + AHEAD_MAX_MS, capacity: 100_000 }, { clock });
  }

  /**
   * @throws AppError SCHEMA_MISMATCH; INVALID_SIGNATURE (wrong HMAC); PERMISSION_DENIED (another gateway's); EXPIRED;
   *   REPLAY_DETECTED; RATE_LIMITED
   */
  admit(message: unknown): HelperRequest {
    const parsed = helperRequest.safeParse(message);
    if (!parsed.success) {
      const errors = fieldErrors(parsed.error.issues);
      const named = errors.map(({ path, msg }) => `${path || 'message'}: ${msg}`).join('; ');
      throw new AppError('SCHEMA_MISMATCH', `not a request: ${named}`.slice(0, 1_000), { meta: { errors } });
    }
    const request = parsed.data;
    this.#checkMac(message as HelperRequest);
    if (request.agent_id !== this.#options.agentId) {
      throw new AppError('PERMISSION_DENIED', 'the request is for another gateway');
    }
    const issued = Date.parse(request.issued_at);
    const now = this.#clock.now();
    if (issued > now + AHEAD_MAX_MS) throw new AppError('EXPIRED', 'the request is issued in the future');
    if (now >= issued + request.ttl_s * 1_000) throw new AppError('EXPIRED', 'the request is too old');
    this.#nonces.accept(request.nonce);
    return request;
  }

  /** Over the message as it came, before the schema normalises anything. */
  #checkMac(message: HelperRequest): void {
    const { hmac, ...signed } = message;
    let expected: string;
    try {
      expected = helperRequestMac(this.#options.secret, signed);
    } catch {
      throw new AppError('SCHEMA_MISMATCH', 'a text in the request is not Unicode');
    }
    if (!constantTimeEqual(hmac, expected))
      throw new AppError('INVALID_SIGNATURE', 'the HMAC does not match');
  }
}
