import { findVerb } from '@viw/commands';
import type { HelperClient } from '@viw/commands';
import type { CommandFrame, HelperReply } from '@viw/contracts';
import { AppError, sleep } from '@viw/runtime';
import { ownOutcome } from './result-frame';

export interface HelperExecutionOptions {
  /** How long a helper that is away may take to come back, in milliseconds. Default 3 s. */
  readonly patienceMs?: number;
  /** Milliseconds between two attempts. Default 250 ms. */
  readonly pauseMs?: number;
}

export interface Execution {
  readonly outcome: HelperReply;
  /** `agent`: the helper was never reached, or does not answer any more. */
  readonly by: 'helper' | 'agent';
}

/** Beyond the verb's own timeout, after which the helper ends the work itself. */
const MARGIN_MS = 5_000;
const DEFAULT_TIMEOUT_S = 60;

/**
 * Hands a command to the helper. When the connection breaks on the way it asks again under the same correlation id:
 * the helper answers a command that it has begun from its journal and never begins it twice.
 */
export class HelperExecution {
  readonly #options: Required<HelperExecutionOptions>;
  readonly #helper: Pick<HelperClient, 'call'>;

  constructor(options: HelperExecutionOptions, { helper }: { helper: Pick<HelperClient, 'call'> }) {
    this.#options = { patienceMs: 3_000, pauseMs: 250, ...options };
    this.#helper = helper;
  }

  /**
   * Never rejects. `error` HELPER_UNAVAILABLE: surely without effect; `unknown`: perhaps not.
   *
   * @param begunBefore an earlier run of the agent may have handed it over already
   */
  async run(
    { correlation_id, verb, jws }: Pick<CommandFrame, 'correlation_id' | 'verb' | 'jws'>,
    { begunBefore = false }: { begunBefore?: boolean } = {},
  ): Promise<Execution> {
    const timeoutMs = (findVerb(verb)?.timeout_s ?? DEFAULT_TIMEOUT_S) * 1_000 + MARGIN_MS;
    const call = { verb, jws, correlationId: correlation_id, timeoutMs };
    let deadline = performance.now() + this.#options.patienceMs;
    let delivered = begunBefore;
    for (;;) {
      const askedAt = performance.now();
      try {
        return { outcome: await this.#helper.call(call), by: 'helper' };
      } catch (error) {
        const first = !delivered;
        delivered ||= !(error instanceof AppError) || error.meta['delivered'] !== false;
        // The work itself may have taken long before the connection broke: patience counts from there.
        if (delivered && first) deadline = Math.max(deadline, performance.now() + this.#options.patienceMs);
        const outOfTime = performance.now() >= deadline || performance.now() - askedAt >= timeoutMs;
        if (outOfTime) return { outcome: ownOutcome(delivered ? 'unknown' : 'error', error), by: 'agent' };
        await sleep(this.#options.pauseMs);
      }
    }
  }
}
