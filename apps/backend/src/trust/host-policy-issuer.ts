import { signHostPolicy, trustedKey } from '@viw/commands';
import { gatewayRegistryStream, hostPolicyClaims } from '@viw/contracts';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import type { Repositories } from '../store';
import { openSigningKey } from './sealed-keys';

export interface HostPolicyIssuerDeps {
  readonly box: SecretBox;
  readonly clock?: Clock;
}

type IssuingRepositories = Pick<Repositories, 'commandKeys' | 'hostPolicies' | 'gatewayRegistry' | 'outbox'>;

/** Tells hosts, in the backend's own signature, whose commands count and whether anything may be begun. */
export class HostPolicyIssuer {
  readonly #box: SecretBox;
  readonly #clock: Clock;

  constructor({ box, clock = systemClock }: HostPolicyIssuerDeps) {
    this.#box = box;
    this.#clock = clock;
  }

  /**
   * The next policy, for what is so in this transaction, and the word of it to hubs. The active key signs, which every host
   * trusts by the policy before.
   *
   * @param changesKeys keep it for hosts that are away: they need it to believe the ones after it
   * @throws AppError INTERNAL_ERROR when no key is active
   */
  async issue(repositories: IssuingRepositories, { changesKeys }: { changesKeys: boolean }): Promise<void> {
    const { commandKeys, hostPolicies, gatewayRegistry, outbox } = repositories;
    // Versions of policies and of the registry rise together.
    await gatewayRegistry.lock();
    const keys = await commandKeys.usable();
    const signing = keys.filter(({ purpose }) => purpose === 'signing');
    const active = signing.find(({ state }) => state === 'active');
    if (active === undefined) throw new AppError('INTERNAL_ERROR', 'no key to sign a host policy with');
    const sealing = keys.find(({ purpose, state }) => purpose === 'sealing' && state === 'active');
    const { frozen, reason } = await gatewayRegistry.freezeState();
    const now = this.#clock.now();
    const version = Math.max((await hostPolicies.latestVersion()) + 1, now);
    const jws = await signHostPolicy(
      openSigningKey(this.#box, active),
      hostPolicyClaims.parse({
        v: 1,
        version,
        iat: Math.floor(now / 1_000),
        keys: signing.map(({ kid, public_jwk: jwk }) => trustedKey.parse({ ...jwk, kid })),
        sealing_key: sealing === undefined ? null : { ...sealing.public_jwk, kid: sealing.kid },
        frozen,
        reason,
      }),
    );
    await hostPolicies.add({ version, jws, changesKeys, frozen });
    await outbox.enqueue(
      gatewayRegistryStream,
      await gatewayRegistry.hostPolicyDelta(await hostPolicies.chain()),
    );
  }
}
