import { Gauge } from '@viw/runtime';
import type { Metrics } from '@viw/runtime';
import type { DeadLetterStore } from '@viw/streams';

/** Asked for when the metrics are; without Redis the gauge says nothing. Every backend reports the same numbers. */
export function deadLetterGauge(store: Pick<DeadLetterStore, 'counts'>, metrics: Metrics): void {
  new Gauge({
    name: 'viw_dead_letters',
    help: 'Entries that stand in the dead-letter streams, by the stream whose contract they were to follow',
    labelNames: ['stream'],
    registers: [metrics],
    async collect() {
      const counts = await store.counts().catch(() => undefined);
      this.reset();
      for (const [stream, count] of counts ?? []) this.set({ stream }, count);
    },
  });
}
