import type { CommandVerifier, HelperClient, HostTrust } from '@viw/commands';
import type { Logger } from '@viw/runtime';

/** A helper that does not answer must not keep commands from being looked at: it decides for itself anyway. */
const HELPER_TIMEOUT_MS = 2_000;

export interface BackendTrustDeps {
  readonly trust: Pick<HostTrust, 'adopt' | 'current'>;
  readonly helper: Pick<HelperClient, 'adoptPolicies'>;
  readonly logger: Logger;
}

/**
 * What the backend says of itself, on its way to the helper. The agent follows it as well, and passes on whatever the hub has
 * brought: which of it counts each of the two finds out alone. No command is looked at before the policies that came earlier.
 */
export class BackendTrust {
  readonly #deps: BackendTrustDeps;
  #undelivered: readonly string[] | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: BackendTrustDeps) {
    this.#deps = deps;
  }

  /** Of a HOST_POLICY frame. Never throws. */
  receive(policies: readonly string[]): void {
    this.#undelivered = policies;
    this.#work = this.#work.then(async () => {
      await this.#deps.trust.adopt(policies).catch((error: unknown) => this.#note('agent', error));
      await this.#deliver();
    });
  }

  /** Called at each heartbeat: the helper may have been away. */
  retry(): void {
    if (this.#undelivered !== undefined) this.#work = this.#work.then(() => this.#deliver());
  }

  /** @throws AppError INVALID_SIGNATURE when it is not known whom to believe */
  async verifier(): Promise<CommandVerifier> {
    await this.#work;
    return (await this.#deps.trust.current()).verifier;
  }

  async #deliver(): Promise<void> {
    const policies = this.#undelivered;
    if (policies === undefined) return;
    try {
      await this.#deps.helper.adoptPolicies(policies, HELPER_TIMEOUT_MS);
    } catch (error) {
      return this.#note('helper', error);
    }
    if (this.#undelivered === policies) this.#undelivered = undefined;
  }

  #note(who: 'agent' | 'helper', error: unknown): void {
    this.#deps.logger.warn({ event: 'host_policy_not_adopted', who, error }, 'policies not taken over');
  }
}
