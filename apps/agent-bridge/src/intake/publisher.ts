import type { JsonText, StreamBody, StreamBodyInput, StreamContract } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import { ShedError } from '@viw/streams';
import type { PublishOptions, StreamProducer } from '@viw/streams';
import type { BridgeMetrics } from '../bridge-metrics';

export interface PublisherDeps {
  readonly producer: Pick<StreamProducer, 'publish' | 'publishValidated'>;
  readonly metrics: BridgeMetrics;
  readonly logger: Logger;
}

/** Publishes for callers that cannot fail: whether Redis has confirmed is the answer, never an exception. */
export class Publisher {
  readonly #deps: PublisherDeps;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** True once Redis has confirmed the entry; false when it was given up, which is counted and logged. */
  async confirmed<C extends StreamContract>(
    contract: C,
    body: StreamBodyInput<C>,
    options: PublishOptions = {},
  ): Promise<boolean> {
    return this.#settled(contract, options, () => this.#deps.producer.publish(contract, body, options));
  }

  /** The same for a body whose parts have been validated when they came in. */
  async confirmedValidated<C extends StreamContract>(
    contract: C,
    body: JsonText<StreamBody<C>>,
    options: PublishOptions = {},
  ): Promise<boolean> {
    return this.#settled(contract, options, () =>
      this.#deps.producer.publishValidated(contract, body, options),
    );
  }

  async #settled(
    { stream }: StreamContract,
    { correlationId }: PublishOptions,
    publish: () => Promise<string>,
  ): Promise<boolean> {
    const { metrics, logger } = this.#deps;
    try {
      await publish();
      return true;
    } catch (error) {
      metrics.dropped.inc({ reason: error instanceof ShedError ? 'shed' : 'not_published' });
      const facts = { stream, correlation_id: correlationId, error };
      if (!(error instanceof ShedError))
        logger.error({ event: 'publish_failed', ...facts }, 'an entry was not published');
      return false;
    }
  }
}
