import { randomUUID } from 'node:crypto';
import type { HelloFrame } from '@viw/contracts';
import type { Clock, Logger } from '@viw/runtime';
import type { HostFacts } from './host-facts';

export interface HelloOptions {
  readonly agentId: string;
  readonly version: string;
  readonly site?: string | undefined;
  readonly maxConcurrency: number;
  readonly facts: HostFacts;
}

export interface HelloDeps {
  /** Missing on a gateway that only reports. */
  readonly helper?: { describe(timeoutMs?: number): Promise<string[]> } | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const DESCRIBE_TIMEOUT_MS = 3_000;

/**
 * Makes the HELLO of each session. What the host can do is asked anew each time. When the helper is away the list is
 * left out rather than empty: commands then come and are answered HELPER_UNAVAILABLE, which tells people more than
 * "this gateway has no verbs".
 */
export class HelloMaker {
  readonly #options: HelloOptions;
  readonly #deps: HelloDeps;
  readonly #startedAt: number;

  constructor(options: HelloOptions, deps: HelloDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
  }

  async make(): Promise<HelloFrame> {
    const { agentId, version, site, maxConcurrency, facts } = this.#options;
    const supported = await this.#supportedVerbs();
    return {
      type: 'HELLO',
      agent_id: agentId,
      version,
      capabilities: this.#deps.helper === undefined ? ['telemetry'] : ['telemetry', 'commands'],
      site: site ?? null,
      ...(supported === undefined ? {} : { supported_verbs: supported }),
      max_concurrency: maxConcurrency,
      ...facts,
      start_time: new Date(this.#startedAt).toISOString(),
      now: new Date(this.#deps.clock.now()).toISOString(),
      nonce: randomUUID(),
    };
  }

  async #supportedVerbs(): Promise<string[] | undefined> {
    const { helper, logger } = this.#deps;
    if (helper === undefined) return [];
    try {
      return await helper.describe(DESCRIBE_TIMEOUT_MS);
    } catch (error) {
      logger.warn({ event: 'helper_unavailable', error }, 'the host helper cannot say what this host can do');
      return undefined;
    }
  }
}
