import type { RenewalOutlook, RenewalScheduleRepository } from '@viw/database';
import { Gauge } from '@viw/runtime';
import type { Logger, Metrics } from '@viw/runtime';

export interface CertificateGaugesDeps {
  readonly schedule: Pick<RenewalScheduleRepository, 'outlook'>;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Asked at most so often, however often metrics are fetched, milliseconds. */
const KEPT_MS = 5_000;

/**
 * How the fleet's certificates stand, read from Postgres when metrics are fetched: every worker tells the same. Without
 * Postgres they are absent, not old.
 */
export class CertificateGauges {
  readonly #deps: CertificateGaugesDeps;
  #asked: { readonly at: number; readonly outlook: Promise<RenewalOutlook | undefined> } | undefined;

  constructor(deps: CertificateGaugesDeps) {
    this.#deps = deps;
    const outlook = () => this.#outlook();
    new Gauge({
      name: 'viw_certificates',
      help: 'Certificates in service; expired, in the last twentieth of their life, or failing to be renewed or deployed',
      labelNames: ['condition'],
      registers: [deps.metrics],
      async collect() {
        this.reset();
        const now = await outlook();
        if (!now) return;
        this.set({ condition: 'all' }, now.certificates);
        this.set({ condition: 'expired' }, now.expired);
        this.set({ condition: 'emergency' }, now.emergency);
        this.set({ condition: 'failing' }, now.failing);
      },
    });
    new Gauge({
      name: 'viw_certificate_least_seconds_left',
      help: 'Life left of the certificate that ends first, of those that have not ended',
      // A gauge without labels starts at 0, which would be a false alarm.
      labelNames: ['scope'],
      registers: [deps.metrics],
      async collect() {
        this.reset();
        const left = (await outlook())?.least_seconds_left;
        if (left !== undefined && left !== null) this.set({ scope: 'fleet' }, left);
      },
    });
  }

  #outlook(): Promise<RenewalOutlook | undefined> {
    if (this.#asked && performance.now() - this.#asked.at < KEPT_MS) return this.#asked.outlook;
    const outlook = this.#deps.schedule.outlook().catch((error: unknown) => {
      this.#deps.logger.warn({ event: 'outlook_missing', error }, 'metrics of certificates are absent');
      return undefined;
    });
    this.#asked = { at: performance.now(), outlook };
    return outlook;
  }
}
