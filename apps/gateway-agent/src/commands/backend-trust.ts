import type { CommandVerifier, HelperClient, HostTrust } from '@viw/commands';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';

/** A helper that does not answer must not keep commands from being looked at: it decides for itself anyway. */
const HELPER_TIMEOUT_MS = 2_000;
/** A helper that was away is asked again at the next heartbeat; one that has refused, only after this. */
const REFUSED_PAUSE_MS = 300_000;

export interface BackendTrustDeps {
  readonly trust: Pick<HostTrust, 'adopt' | 'current'>;
  readonly helper: Pick<HelperClient, 'adoptPolicies'>;
  readonly logger: Logger;
}

/**
 * What the backend says of itself, on its way to the helper. The agent follows it as well, and passes on whatever the hub has
 * brought: which of it counts each of the two finds out alone. No command is looked at before the policies that came earlier.
 * Holds two sets at most, however many a hub sends.
 */
export class BackendTrust {
  readonly #deps: BackendTrustDeps;
  /** Not looked at yet. */
  #arrived: readonly string[] | undefined;
  /** Not taken over by the helper yet. */
  #undelivered: readonly string[] | undefined;
  #pausedUntil = 0;
  #busy = false;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: BackendTrustDeps) {
    this.#deps = deps;
  }

  /** Of a HOST_POLICY frame: each brings all that there is, so the newest takes the place of those that wait. Never throws. */
  receive(policies: readonly string[]): void {
    this.#arrived = policies;
    this.#pausedUntil = 0;
    this.#begin();
  }

  /** Called at each heartbeat. */
  retry(): void {
    if (this.#undelivered !== undefined && performance.now() >= this.#pausedUntil) this.#begin();
  }

  /** @throws AppError INVALID_SIGNATURE when it is not known whom to believe */
  async verifier(): Promise<CommandVerifier> {
    await this.#work;
    return (await this.#deps.trust.current()).verifier;
  }

  #begin(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#work = this.#catchUp().finally(() => (this.#busy = false));
  }

  async #catchUp(): Promise<void> {
    do {
      const policies = this.#arrived;
      if (policies !== undefined) {
        this.#arrived = undefined;
        this.#undelivered = policies;
        await this.#deps.trust.adopt(policies).catch((error: unknown) => this.#note('agent', error));
      }
      await this.#deliver();
    } while (this.#arrived !== undefined);
  }

  async #deliver(): Promise<void> {
    if (this.#undelivered === undefined) return;
    try {
      await this.#deps.helper.adoptPolicies(this.#undelivered, HELPER_TIMEOUT_MS);
      this.#undelivered = undefined;
    } catch (error) {
      const away = error instanceof AppError && error.code === 'HELPER_UNAVAILABLE';
      this.#pausedUntil = away ? 0 : performance.now() + REFUSED_PAUSE_MS;
      this.#note('helper', error);
    }
  }

  #note(who: 'agent' | 'helper', error: unknown): void {
    this.#deps.logger.warn({ event: 'host_policy_not_adopted', who, error }, 'policies not taken over');
  }
}
