import { certAlertsStream, keptEntries, streams } from '@viw/contracts';
import type { AlertsBody } from '@viw/contracts';
import type { CertificateAlertChange, CertificateAlertRepository } from '@viw/database';
import { foreignText } from '@viw/runtime';
import type { StreamProducer } from '@viw/streams';

export interface CertificateAlertsDeps {
  readonly alerts: CertificateAlertRepository;
  readonly producer: Pick<StreamProducer, 'publish'>;
}

const PER_TURN = 100;
const PUBLISH_MS = 5_000;
const MAX_TITLE = 200;
const MAX_DETAIL = 2_000;

/** Raises and clears alerts about certificates; what has been told is remembered, so that each is told once. */
export class CertificateAlerts {
  constructor(private readonly deps: CertificateAlertsDeps) {}

  /** @throws what Postgres or Redis threw: what was not told yet is told in the next turn */
  async tell(): Promise<void> {
    const { alerts, producer } = this.deps;
    for (const change of await alerts.changes(PER_TURN)) {
      const maxlen = keptEntries[streams.certAlerts];
      await producer.publish(certAlertsStream, alertOf(change), { maxlen, timeoutMs: PUBLISH_MS });
      await alerts.recordTold(change);
    }
  }
}

function alertOf({
  certificate_id,
  kind,
  severity,
  names,
  not_after,
  went_wrong,
}: CertificateAlertChange): AlertsBody {
  const name = names.length > 1 ? `${names[0]} and ${names.length - 1} more` : (names[0] ?? certificate_id);
  const title =
    kind === 'certificate.expiring'
      ? `The certificate of ${name} ends ${not_after ?? 'soon'}`
      : `The certificate of ${name} cannot be renewed or deployed`;
  return {
    action: severity === null ? 'cleared' : 'raised',
    dedupe_key: `${kind}:${certificate_id}`,
    severity: severity ?? 'info',
    title: title.slice(0, MAX_TITLE),
    ...(went_wrong !== null && { detail: foreignText(went_wrong, MAX_DETAIL) }),
    at: new Date().toISOString(),
  };
}
