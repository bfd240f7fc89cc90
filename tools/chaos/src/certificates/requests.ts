import { certRequestsStream } from '@viw/contracts';
import { CertificateRepository, OperationRepository, VirtualHostRepository } from '@viw/database';
import type { AskedCertificate } from '../ledger/certificate-books';
import type { Job } from './jobs';
import type { Passer } from './points';
import type { CertWorld } from './world';

export interface Asked extends AskedCertificate, Passer {
  readonly job: Job;
  readonly entryIds: Set<string>;
}

/** Accepts a certificate and its operation, as the backend does. Nobody hears of it before `publish`. */
export async function accept(
  job: Job,
  { db, servers, prober }: Pick<CertWorld, 'db' | 'servers' | 'prober'>,
): Promise<Asked> {
  const { site, challenge } = job;
  const host = servers.hosts.get(site);
  if (!host) throw new Error(`no virtual host for ${site}`);
  const certificateId = await new CertificateRepository({ db }).create({
    names: [site],
    issuer: 'acme',
    challenge,
    key_type: 'ec-p256',
    created_by: 'chaos',
  });
  await new VirtualHostRepository({ db }).assignCertificate([host.virtualHostId], certificateId);
  const operationId = await new OperationRepository({ db }).create({
    certificate_id: certificateId,
    kind: 'issue',
    issued_by: { kind: 'system', id: 'chaos', name: 'chaos' },
  });
  const before = await prober.probe({ site, port: host.nginx.httpsPort });
  const expected = job.fault === undefined ? 'served' : 'refused';
  const ordersBesideKills = job.fate === 'sleeps' && job.point === 'claiming';
  return { job, site, certificateId, operationId, expected, before, ordersBesideKills, entryIds: new Set() };
}

/** As often as the job says: a relay that dies between XADD and its mark publishes again. */
export async function publish(asked: Asked, { producer }: Pick<CertWorld, 'producer'>): Promise<void> {
  const { certificateId: certificate_id, operationId: operation_id, job } = asked;
  for (let time = 0; time < job.times; time++)
    asked.entryIds.add(
      await producer.publish(certRequestsStream, { operation_id, certificate_id, kind: 'issue' }),
    );
}
