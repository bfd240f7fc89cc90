import { createHash } from 'node:crypto';
import {
  assertNotExpired,
  canonicalJson,
  openArguments,
  parseArguments,
  redactArguments,
} from '@viw/commands';
import type { PrivateSealingKey } from '@viw/commands';
import type { HelperRequest } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { TrustedKeys } from './trusted-keys';

/** A request that may be carried out. Times in milliseconds. */
export interface Authorised {
  readonly correlationId: string;
  readonly verb: string;
  /** SHA-256 of the arguments as they were signed (secret ones sealed), or with "***" in place of secret ones. */
  readonly argsHash: string;
  /** The agent asked by itself: nothing is changed and nothing journaled. */
  readonly local: boolean;
  /** @throws AppError EXPIRED */
  assertNotExpired(now: number): void;
  /** @throws AppError as `openArguments` and `parseArguments` */
  open(): Promise<{ readonly args: Record<string, unknown>; readonly secrets: readonly string[] }>;
}

export interface CommandVerificationOptions {
  readonly agentId: string;
  readonly requireJws: boolean;
}

export interface CommandVerificationDeps {
  readonly trustedKeys: Pick<TrustedKeys, 'verifier'>;
  readonly sealingKey: PrivateSealingKey;
}

/** What the agent may read about its host without anybody's signature. */
const localReads = new Set(['describe', 'audit_summary', 'get_system_health', 'get_service_status']);

const hash = (args: object): string => createHash('sha256').update(canonicalJson(args)).digest('hex');

/** Decides who may have what done. The arguments of a signed command come from the signature only. */
export class CommandVerification {
  readonly #options: CommandVerificationOptions;
  readonly #deps: CommandVerificationDeps;

  constructor(options: CommandVerificationOptions, deps: CommandVerificationDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * Does not look at the expiry yet: a command that has already run is answered whenever it is asked for.
   *
   * @throws AppError INVALID_SIGNATURE (also for a missing signature); SCHEMA_MISMATCH; PERMISSION_DENIED
   */
  async authorise(request: HelperRequest): Promise<Authorised> {
    if (request.jws !== undefined) return this.#signed(request, request.jws);
    if (localReads.has(request.verb)) return this.#clear(request, true);
    if (this.#options.requireJws) throw new AppError('INVALID_SIGNATURE', 'the verb needs a signed command');
    return this.#clear(request, false);
  }

  async #signed(request: HelperRequest, jws: string): Promise<Authorised> {
    if (Object.keys(request.args).length > 0) {
      throw new AppError('SCHEMA_MISMATCH', 'args must be empty: a signed command carries its own');
    }
    const verifier = await this.#deps.trustedKeys.verifier();
    const claims = await verifier.verify(jws, {
      agentId: this.#options.agentId,
      verb: request.verb,
      correlationId: request.correlation_id,
      checkExpiry: 'later',
    });
    return {
      correlationId: claims.corr_id,
      verb: claims.verb,
      argsHash: hash(claims.args),
      local: false,
      assertNotExpired: (now) => assertNotExpired(claims, now),
      open: () => this.#open(claims.verb, claims.corr_id, claims.args, false),
    };
  }

  #clear(request: HelperRequest, local: boolean): Authorised {
    const { verb, args, correlation_id: correlationId } = request;
    return {
      correlationId,
      verb,
      argsHash: hash(redactArguments(verb, args)),
      local,
      // The request's own time to live was looked at when it came in.
      assertNotExpired: () => undefined,
      open: () => this.#open(verb, correlationId, args, true),
    };
  }

  async #open(verb: string, correlationId: string, signedArgs: Record<string, unknown>, allowClear: boolean) {
    const context = { correlationId, agentId: this.#options.agentId };
    const { args, secrets } = await openArguments(verb, signedArgs, this.#deps.sealingKey, context, {
      allowClear,
    });
    return { args: parseArguments(verb, args), secrets };
  }
}
