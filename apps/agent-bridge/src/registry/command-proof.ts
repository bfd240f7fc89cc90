import { CommandVerifier, followHostPolicies, openHostPolicy, policyKeys } from '@viw/commands';
import type { TrustedKey } from '@viw/commands';
import type { CommandBody, RunCommandBody } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import type { Delivered } from '@viw/streams';
import type { GatewayRegistry } from './gateway-registry';

export interface CommandProofOptions {
  /** False: commands are passed on as they come, for a staged roll-out. */
  readonly required: boolean;
  /** Empty: the hub takes the registry's word for the backend's keys. */
  readonly pinned: readonly TrustedKey[];
}

export interface CommandProofDeps {
  readonly registry: Pick<GatewayRegistry, 'hostPolicies'>;
  readonly logger: Logger;
}

/** `proved`: may be sent. `unproved`: never. `unknown`: the backend's keys are not known, so nothing can be told yet. */
type Proof = 'proved' | 'unproved' | 'unknown';

/**
 * Whether a command was signed by the backend, for this agent, under this name. Hosts look for themselves; the hub does so for
 * those that cannot, and to keep rubbish from the others. Its keys are the pinned ones as signed policies have moved them on.
 */
export class CommandProof {
  readonly #options: CommandProofOptions;
  readonly #deps: CommandProofDeps;
  #known:
    { readonly of: readonly string[]; readonly verifier: Promise<CommandVerifier | undefined> } | undefined;

  constructor(options: CommandProofOptions, deps: CommandProofDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Ids of the entries whose command is not proved; undefined while the backend's keys are not known. */
  async missing(batch: readonly Delivered<CommandBody>[]): Promise<ReadonlySet<string> | undefined> {
    if (!this.#options.required) return new Set();
    const proofs = await Promise.all(
      batch.map(async ({ id, body }) => ({
        id,
        proof: body.kind === 'run' ? await this.#of(body) : 'proved',
      })),
    );
    if (proofs.some(({ proof }) => proof === 'unknown')) return undefined;
    return new Set(proofs.filter(({ proof }) => proof === 'unproved').map(({ id }) => id));
  }

  async #of(command: RunCommandBody): Promise<Proof> {
    const verifier = await this.#verifier();
    if (verifier === undefined) return 'unknown';
    const { jws, agent_id: agentId, verb, correlation_id: correlationId } = command;
    try {
      await verifier.verify(jws, { agentId, verb, correlationId, checkExpiry: 'later' });
      return 'proved';
    } catch (error) {
      this.#deps.logger.warn(
        { event: 'command_unproved', agent_id: agentId, correlation_id: correlationId, error },
        'a command that the backend has not signed',
      );
      return 'unproved';
    }
  }

  #verifier(): Promise<CommandVerifier | undefined> {
    const { hostPolicies } = this.#deps.registry;
    if (this.#known?.of !== hostPolicies)
      this.#known = { of: hostPolicies, verifier: this.#follow(hostPolicies) };
    return this.#known.verifier;
  }

  async #follow(policies: readonly string[]): Promise<CommandVerifier | undefined> {
    const { pinned } = this.#options;
    if (pinned.length > 0) {
      const { newest } = await followHostPolicies(policies, { version: 0, keys: pinned });
      return new CommandVerifier({ trustedKeys: newest?.keys ?? pinned });
    }
    const newest = policies.at(-1);
    if (newest === undefined) return undefined;
    return openHostPolicy(newest, policyKeys(newest)).then(
      ({ keys }) => new CommandVerifier({ trustedKeys: keys }),
      () => undefined,
    );
  }
}
