import { systemClock, Gauge } from '@viw/runtime';
import type { Clock, Metrics } from '@viw/runtime';
import type { Repositories } from '../store';

export interface RevocationListGaugeDeps {
  readonly authorities: Pick<Repositories['certificateAuthorities'], 'list'>;
  readonly metrics: Metrics;
  readonly clock?: Clock;
}

/** Asked for when the metrics are; without Postgres the gauge says nothing. Every backend reports the same. */
export function revocationListGauge({
  authorities,
  metrics,
  clock = systemClock,
}: RevocationListGaugeDeps): void {
  new Gauge({
    name: 'viw_revocation_list_seconds_left',
    help: 'Until the newest revocation list of an authority ends, of several of one purpose the first to; six days at least while new ones are made',
    labelNames: ['purpose'],
    registers: [metrics],
    async collect() {
      const rows = await authorities.list().catch(() => []);
      this.reset();
      const soonest = new Map<string, number>();
      for (const { purpose, crl_next_update: end, not_after: over } of rows)
        if (end !== null && Date.parse(over) > clock.now())
          soonest.set(purpose, Math.min(soonest.get(purpose) ?? Infinity, Date.parse(end)));
      for (const [purpose, end] of soonest) this.set({ purpose }, (end - clock.now()) / 1_000);
    },
  });
}
