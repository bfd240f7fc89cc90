import { Gauge, systemClock } from '@viw/runtime';
import type { Clock, ListenerTls, Metrics } from '@viw/runtime';

export interface CertificateGaugeDeps {
  readonly tls: Pick<ListenerTls, 'notAfter'>;
  readonly metrics: Metrics;
  readonly clock?: Clock;
}

/** Whatever the mode. Without a certificate, and in plain HTTP, it says nothing. */
export function certificateGauge({ tls, metrics, clock = systemClock }: CertificateGaugeDeps): void {
  new Gauge({
    name: 'viw_backend_listener_certificate_seconds_left',
    help: "Until the certificate of this backend's listener ends; below zero it has ended",
    registers: [metrics],
    collect() {
      this.reset();
      const { notAfter } = tls;
      if (notAfter !== undefined) this.set((notAfter.getTime() - clock.now()) / 1_000);
    },
  });
}
