import { generateSigningKey } from '@viw/commands';
import { limits } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import type { Repositories, Store } from '../store';
import type { HostPolicyIssuer } from './host-policy-issuer';
import { sealKey } from './sealed-keys';

/** No command signed with the former key lives longer; an hour for clocks and for backends that learn of it late. Seconds. */
const OVERLAP_S = limits.commandTtlMaxSeconds + 3_600;

export interface KeyRotationOptions {
  /** How long hosts are told of a key before it signs. Seconds. */
  readonly announceS: number;
  /** How long a key stays trusted after the last command that it has signed. Seconds; default: longer than any lives. */
  readonly overlapS?: number;
}

export interface KeyRotationDeps {
  readonly store: Pick<Store, 'repositories' | 'transaction'>;
  readonly box: SecretBox;
  readonly issuer: HostPolicyIssuer;
  readonly logger: Logger;
}

/**
 * The life of a command signing key: announced to hosts → in use, the former one retiring → the former one retired, when
 * nothing that it has signed can be alive. At every moment hosts trust whatever a backend may sign with.
 */
export class KeyRotation {
  readonly #announceS: number;
  readonly #overlapS: number;
  readonly #deps: KeyRotationDeps;

  constructor({ announceS, overlapS = OVERLAP_S }: KeyRotationOptions, deps: KeyRotationDeps) {
    this.#announceS = announceS;
    this.#overlapS = overlapS;
    this.#deps = deps;
  }

  /**
   * Makes and announces the next key, in the caller's transaction.
   * @returns its kid
   * @throws AppError CONFLICT while another one is announced
   */
  async begin(repositories: Repositories): Promise<string> {
    const { commandKeys, gatewayRegistry } = repositories;
    await gatewayRegistry.lock();
    const keys = await commandKeys.usable();
    if (keys.some(({ state }) => state === 'announced'))
      throw new AppError('CONFLICT', 'A rotation is under way: its key is announced and not in use yet');
    const { privateKey, publicKey } = await generateSigningKey();
    const { kid, ...publicJwk } = publicKey;
    const sealed = sealKey(this.#deps.box, kid, privateKey);
    await commandKeys.add({ kid, purpose: 'signing', state: 'announced', publicJwk, sealed });
    await this.#deps.issuer.issue(repositories, { changesKeys: true });
    return kid;
  }

  /**
   * Takes what is due to its next state, and tells hosts of a freeze or release that they could not be told of in its own
   * transaction. Of several backends one does it.
   */
  async advance(): Promise<void> {
    const { store, issuer, logger } = this.#deps;
    const { commandKeys: keys, hostPolicies } = store.repositories;
    const due = await keys.isDue(this.#announceS, this.#overlapS);
    if (!due && (await hostPolicies.tellsFreeze())) return;
    const done = await store.transaction(async (repositories) => {
      const { commandKeys, gatewayRegistry } = repositories;
      await gatewayRegistry.lock();
      const activated = await commandKeys.activateAnnounced(this.#announceS);
      const retired = await commandKeys.retire(this.#overlapS);
      // Hosts trust the activated one already; what they must unlearn they are told.
      const untold = !(await repositories.hostPolicies.tellsFreeze());
      if (retired.length > 0 || untold) await issuer.issue(repositories, { changesKeys: retired.length > 0 });
      return { activated, retired, untold };
    });
    logger.info({ event: 'command_keys_advanced', ...done }, 'command keys moved on');
  }
}
