import { Gauge, systemClock } from '@viw/runtime';
import type { Clock, Metrics } from '@viw/runtime';
import type { Repositories } from '../store';
import { isInUse } from './authority-phase';

export interface AuthorityGaugeDeps {
  readonly authorities: Pick<Repositories['certificateAuthorities'], 'list'>;
  readonly metrics: Metrics;
  readonly clock?: Clock;
}

/** Asked for when the metrics are; without Postgres the gauge says nothing. Every backend reports the same. */
export function authorityGauge({ authorities, metrics, clock = systemClock }: AuthorityGaugeDeps): void {
  new Gauge({
    name: 'viw_certificate_authority_seconds_left',
    help: 'Until the authority in use of a purpose ends; nothing that it issues lasts longer',
    labelNames: ['purpose'],
    registers: [metrics],
    async collect() {
      const rows = await authorities.list().catch(() => []);
      this.reset();
      for (const row of rows.filter(isInUse))
        this.set({ purpose: row.purpose }, (Date.parse(row.not_after) - clock.now()) / 1_000);
    },
  });
}
