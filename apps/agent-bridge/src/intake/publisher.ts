import type { StreamBodyInput, StreamContract } from '@viw/contracts';
import type { Logger } from '@viw/runtime';
import { ShedError } from '@viw/streams';
import type { PublishOptions, StreamProducer } from '@viw/streams';
import type { BridgeMetrics } from '../bridge-metrics';

export interface PublisherDeps {
  readonly producer: Pick<StreamProducer, 'publish'>;
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
    const { producer, metrics, logger } = this.#deps;
    try {
      await producer.publish(contract, body, options);
      return true;
    } catch (error) {
      metrics.dropped.inc({ reason: error instanceof ShedError ? 'shed' : 'not_published' });
      const facts = { stream: contract.stream, correlation_id: options.correlationId, error };
      if (!(error instanceof ShedError))
        logger.error({ event: 'publish_failed', ...facts }, 'an entry was not published');
      return false;
    }
  }
}
