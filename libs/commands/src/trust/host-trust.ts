import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hostPolicyClaims } from '@viw/contracts';
import type { ResultSealingKey } from '@viw/contracts';
import { AppError, systemClock, writeDurably } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import { z } from 'zod';
import { canonicalJson } from '../canonical-json';
import type { TrustedKey } from '../keys';
import { CommandVerifier } from '../signing';
import { followHostPolicies } from './host-policy';

export interface HostTrustOptions {
  /** Where the newest policy is kept, mode 0600. Of this process alone. */
  readonly file: string;
}

export interface HostTrustDeps {
  /** Pinned by the operator: the keys from which everything else follows. @throws AppError INVALID_SIGNATURE when there are none */
  readonly pinned: () => Promise<readonly TrustedKey[]>;
  readonly logger: Logger;
}

/** Whom this host believes at the moment. */
export interface Trust {
  /** Of the newest policy; 0: none has come yet. */
  readonly version: number;
  readonly verifier: CommandVerifier;
  /** Undefined: secret results can be sent to nobody. */
  readonly sealingKey: ResultSealingKey | undefined;
  readonly frozen: boolean;
  readonly reason: string | null;
}

/** `pinned`: from which pinned keys it follows. */
interface PinnedTrust extends Trust {
  readonly pinned: string;
  readonly keys: readonly TrustedKey[];
}

/** How far ahead of this host's clock a policy's version may be: versions are times, and one beyond all later ones would be the last. */
const AHEAD_MAX_MS = 86_400_000;

/** `pinned`: from which pinned keys it followed. */
const keptPolicy = z.strictObject({ pinned: z.string(), policy: hostPolicyClaims });
type KeptPolicy = z.infer<typeof keptPolicy>;

/**
 * Trust of a host in its backend: keys pinned by the operator, moved on by signed policies only. The newest policy is on disk
 * before it counts, and its version never goes back. Other pinned keys start anew: of the former policy only its version and
 * a freeze stay in force. On doubt nobody is believed.
 *
 * MUST be safe for concurrent use: policies are adopted one after the other.
 */
export class HostTrust {
  readonly #file: string;
  readonly #deps: HostTrustDeps;
  #kept: Promise<KeptPolicy | undefined> | undefined;
  #trust: { readonly of: string; readonly trust: PinnedTrust } | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor({ file }: HostTrustOptions, deps: HostTrustDeps) {
    this.#file = file;
    this.#deps = deps;
  }

  /** @throws AppError INVALID_SIGNATURE when it is not known whom to believe */
  async current(): Promise<Trust> {
    return this.#current();
  }

  /**
   * The emergency stop as this host knows it, whatever keys it trusts. Where no policy ever came there is none.
   * @throws AppError INVALID_SIGNATURE when what was kept cannot be read: it may have held one
   */
  async freeze(): Promise<Pick<Trust, 'frozen' | 'reason'>> {
    const kept = await (this.#kept ??= this.#read());
    return { frozen: kept?.policy.frozen ?? false, reason: kept?.policy.reason ?? null };
  }

  /**
   * Takes over what is newer and vouched for; on disk when it resolves.
   * @returns the trust in force afterwards
   * @throws AppError INVALID_SIGNATURE as `current`, or when the newest of them is not vouched for; the file system's error
   */
  adopt(policies: readonly string[]): Promise<Trust> {
    const adopted = this.#tail.then(() => this.#adopt(policies));
    this.#tail = adopted.catch(() => undefined);
    return adopted;
  }

  async #adopt(policies: readonly string[]): Promise<Trust> {
    const { logger } = this.#deps;
    const before = await this.#current();
    const { newest, faults } = await followHostPolicies(policies, before);
    for (const error of faults)
      logger.warn({ event: 'host_policy_refused', known: before.version, error }, 'policy not believed');
    if (newest === undefined) {
      if (faults[0] !== undefined) throw faults[0];
      return before;
    }
    if (newest.version > systemClock.now() + AHEAD_MAX_MS)
      throw new AppError(
        'INVALID_SIGNATURE',
        'the version of the policy lies in the future: a clock is wrong',
      );
    // The keys by which it was verified, not those that an operator may have pinned meanwhile: it does not follow from them.
    const kept = { pinned: before.pinned, policy: newest };
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    await writeDurably(this.#file, `${JSON.stringify(kept)}\n`);
    this.#kept = Promise.resolve(kept);
    logger.info(
      {
        event: 'host_policy_adopted',
        version: newest.version,
        frozen: newest.frozen,
        key_ids: newest.keys.map(({ kid }) => kid),
      },
      'the newest policy of the backend is in force',
    );
    return this.#current();
  }

  async #current(): Promise<PinnedTrust> {
    const pinned = await this.#deps.pinned();
    const kept = await (this.#kept ??= this.#read());
    const of = [fingerprint(pinned), kept?.pinned, kept?.policy.version].join(' ');
    if (this.#trust?.of !== of) this.#trust = { of, trust: trustOf(pinned, kept) };
    return this.#trust.trust;
  }

  /** A damaged file may have held a freeze, and says no longer which policies are old ones. */
  async #read(): Promise<KeptPolicy | undefined> {
    try {
      return keptPolicy.parse(JSON.parse(await readFile(this.#file, 'utf8')));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      this.#kept = undefined;
      this.#deps.logger.error(
        { event: 'host_policy_unreadable', file: this.#file, error },
        'no command is accepted until the file is readable, or removed to start from the pinned keys',
      );
      throw new AppError('INVALID_SIGNATURE', 'this host cannot read whom it trusts', { cause: error });
    }
  }
}

function trustOf(pinned: readonly TrustedKey[], kept: KeptPolicy | undefined): PinnedTrust {
  const follows = kept !== undefined && kept.pinned === fingerprint(pinned);
  const keys = follows ? kept.policy.keys : pinned;
  return {
    // With other pinned keys the same policy counts once more, if these vouch for it.
    version: kept === undefined ? 0 : follows ? kept.policy.version : kept.policy.version - 1,
    pinned: fingerprint(pinned),
    keys,
    verifier: new CommandVerifier({ trustedKeys: keys }),
    sealingKey: follows ? (kept.policy.sealing_key ?? undefined) : undefined,
    frozen: kept?.policy.frozen ?? false,
    reason: kept?.policy.reason ?? null,
  };
}

const fingerprint = (keys: readonly TrustedKey[]): string =>
  createHash('sha256')
    .update(canonicalJson(keys.map(({ kid, x }) => [kid, x]).sort()))
    .digest('base64url');
