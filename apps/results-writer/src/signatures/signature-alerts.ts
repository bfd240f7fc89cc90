import { resultsAlertsStream, keptEntries, streams } from '@viw/contracts';
import type { ResultSignature } from '@viw/contracts';
import { systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { StreamProducer } from '@viw/streams';

/** The same gateway's again only after this long: whoever forges results must not flood what people are told by. */
const AGAIN_AFTER_MS = 60_000;
const GATEWAYS_MAX = 10_000;

export interface Disbelieved {
  readonly agentId: string;
  readonly correlationId: string;
  readonly signature: ResultSignature;
}

const why: Readonly<Record<ResultSignature, string>> = {
  valid: 'is valid',
  invalid: 'has a signature that does not hold',
  unsigned: 'has no signature',
  unknown_key: 'is signed by a key that is not registered for this gateway',
};

/** Tells people of results that were not believed. */
export class SignatureAlerts {
  readonly #producer: Pick<StreamProducer, 'publish'>;
  readonly #clock: Clock;
  readonly #raisedAt = new Map<string, number>();

  constructor({
    producer,
    clock = systemClock,
  }: {
    producer: Pick<StreamProducer, 'publish'>;
    clock?: Clock;
  }) {
    this.#producer = producer;
    this.#clock = clock;
  }

  /** Resolves when Redis has them. @throws what the producer throws; then they are raised with the batch's repetition */
  async raise(results: readonly Disbelieved[]): Promise<void> {
    const now = this.#clock.now();
    for (const { agentId, correlationId, signature } of results) {
      if (now - (this.#raisedAt.get(agentId) ?? -Infinity) < AGAIN_AFTER_MS) continue;
      await this.#producer.publish(
        resultsAlertsStream,
        {
          action: 'raised',
          dedupe_key: `result-signature:${agentId}`,
          severity: 'critical',
          title: `A result of gateway ${agentId} cannot be believed`,
          detail: `The result of command ${correlationId} ${why[signature]}. It is kept as evidence and has ended nothing.`,
          at: new Date(now).toISOString(),
        },
        { correlationId, maxlen: keptEntries[streams.resultsAlerts] },
      );
      if (this.#raisedAt.size >= GATEWAYS_MAX) this.#raisedAt.clear();
      this.#raisedAt.set(agentId, now);
    }
  }
}
