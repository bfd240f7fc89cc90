import { createHash } from 'node:crypto';
import {
  assertNotExpired,
  canonicalJson,
  openArguments,
  parseArguments,
  redactArguments,
} from '@viw/commands';
import type { HostTrust, PrivateSealingKey, Trust } from '@viw/commands';
import type { HelperRequest, ResultSealingKey } from '@viw/contracts';
import { AppError } from '@viw/runtime';

/** A request that may be carried out. Times in milliseconds. */
export interface Authorised {
  readonly correlationId: string;
  readonly verb: string;
  /** SHA-256 of the arguments as they were signed (secret ones sealed), or with "***" in place of secret ones. */
  readonly argsHash: string;
  /** The agent asked by itself: nothing is changed and nothing journaled. */
  readonly local: boolean;
  /**
   * Looked at when everything else is ready, and not for what is answered from the journal.
   * @throws AppError EXPIRED; PERMISSION_DENIED while commands are frozen
   */
  assertMayStart(now: number): Promise<void>;
  /** The backend's key for secret results; undefined: there is none to be had. */
  readonly resultKey: ResultSealingKey | undefined;
  /** @throws AppError as `openArguments` and `parseArguments` */
  open(): Promise<{ readonly args: Record<string, unknown>; readonly secrets: readonly string[] }>;
}

export interface CommandVerificationOptions {
  readonly agentId: string;
  readonly requireJws: boolean;
}

export interface CommandVerificationDeps {
  readonly trust: Pick<HostTrust, 'current' | 'freeze'>;
  readonly sealingKey: PrivateSealingKey;
}

/** What the agent may read about its host without anybody's signature. */
const localReads = new Set(['describe', 'audit_summary', 'get_system_health', 'get_service_status']);

const hash = (args: object): string => createHash('sha256').update(canonicalJson(args)).digest('hex');

/** Reads are refused too: while commands are frozen the backend signs none, so none can be meant. */
function assertNotFrozen({ frozen, reason }: Pick<Trust, 'frozen' | 'reason'>): void {
  if (frozen) throw new AppError('PERMISSION_DENIED', `commands are frozen: ${reason ?? 'no reason given'}`);
}

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
    // A host without a signing backend has pinned no key.
    const trust = await this.#deps.trust.current().catch(() => undefined);
    return this.#clear(request, false, trust?.sealingKey);
  }

  async #signed(request: HelperRequest, jws: string): Promise<Authorised> {
    if (Object.keys(request.args).length > 0) {
      throw new AppError('SCHEMA_MISMATCH', 'args must be empty: a signed command carries its own');
    }
    const trust = await this.#deps.trust.current();
    const claims = await trust.verifier.verify(jws, {
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
      assertMayStart: async (now) => {
        assertNotExpired(claims, now);
        assertNotFrozen(await this.#deps.trust.freeze());
      },
      resultKey: trust.sealingKey,
      open: () => this.#open(claims.verb, claims.corr_id, claims.args, false),
    };
  }

  #clear(request: HelperRequest, local: boolean, resultKey?: ResultSealingKey): Authorised {
    const { verb, args, correlation_id: correlationId } = request;
    return {
      correlationId,
      verb,
      argsHash: hash(redactArguments(verb, args)),
      local,
      // The request's own time to live was looked at when it came in.
      assertMayStart: async () => {
        if (!local) assertNotFrozen(await this.#deps.trust.freeze());
      },
      resultKey,
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
