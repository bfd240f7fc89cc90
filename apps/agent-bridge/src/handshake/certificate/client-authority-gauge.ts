import { Gauge } from '@viw/runtime';
import type { Clock, Metrics } from '@viw/runtime';
import type { CertificateAuthorities } from './certificate-authorities';

export interface ClientAuthorityGaugeDeps {
  readonly authorities: Pick<CertificateAuthorities, 'trusted'>;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Of a bundle that somebody has filled with the whole world, so many are shown. */
const MOST = 50;

/** Whether this hub has taken the file with the next authority: its fingerprint is as `GET /api/v1/ca` says it. */
export function clientAuthorityGauge({ authorities, metrics, clock }: ClientAuthorityGaugeDeps): void {
  new Gauge({
    name: 'viw_client_authority_seconds_left',
    help: 'Until an authority of AGENT_BRIDGE_CA_BUNDLE ends, by the SHA-256 of its certificate',
    labelNames: ['sha256'],
    registers: [metrics],
    collect() {
      this.reset();
      for (const { sha256, notAfter } of authorities.trusted().slice(0, MOST))
        this.set({ sha256 }, (notAfter.getTime() - clock.now()) / 1_000);
    },
  });
}
