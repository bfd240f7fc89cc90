import type { CertEventsBody, NotificationType } from '@viw/contracts';
import type { CertificateFacts } from '@viw/database';
import type { Notice } from './notice';

const typeOfKind: Readonly<Record<string, NotificationType>> = {
  issue: 'certificate.issued',
  renew: 'certificate.renewed',
  deploy: 'certificate.deployed',
  revoke: 'certificate.revoked',
};

/** An operation that has come to its end well: failures are alerts. */
export type Succeeded = Extract<CertEventsBody, { event: 'finished' }>;
export const isTold = (body: CertEventsBody): body is Succeeded =>
  body.event === 'finished' && body.outcome === 'succeeded' && Object.hasOwn(typeOfKind, body.kind);

/** What has become of the certificate; that it was deployed, too, where an issuance did that. */
export function certificateNotices(
  { operation_id, certificate_id, kind, at }: Succeeded,
  event_id: string,
  { names, servers }: CertificateFacts,
): Notice[] {
  const main = typeOfKind[kind] ?? 'certificate.issued';
  const data = { certificate_id, operation_id, names, servers };
  const deployedToo = servers.length > 0 && (kind === 'issue' || kind === 'renew');
  const types: NotificationType[] = deployedToo ? [main, 'certificate.deployed'] : [main];
  return types.map((type) => ({ event_id, at, types: [type], data }));
}
