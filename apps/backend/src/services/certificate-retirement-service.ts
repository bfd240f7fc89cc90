import type { Certificate } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Repositories } from '../store';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';

export interface CertificateRetirementServiceDeps {
  readonly writes: IdempotentWrites;
}

/** Virtual hosts that a refusal names. */
const MAX_NAMED = 20;

/** Takes certificates out of service for good. */
export class CertificateRetirementService {
  constructor(private readonly deps: CertificateRetirementServiceDeps) {}

  /**
   * Its keys are destroyed at once and work on it is ended; versions and operations stay readable. Of one that is retired
   * already nothing changes. @throws AppError NOT_FOUND; CONFLICT while virtual hosts are to serve it or it is being revoked
   */
  retire(write: WriteRequest, id: string): Promise<Certificate> {
    return this.deps.writes.perform(write, async (repositories) => {
      const { certificates } = repositories;
      const before = existing(await certificates.find(id));
      const outcome = await certificates.retire(id);
      if (outcome === 'in_use')
        throw new AppError(
          'CONFLICT',
          `It is to be served at ${await whereServed(repositories, id)}: have them serve another one, or none, first`,
        );
      if (outcome === 'revoking')
        throw new AppError('CONFLICT', 'Its revocation is not done yet: retire it when that has ended');
      const answer = existing(await certificates.find(id));
      if (outcome === 'gone') return { answer, audit: undefined };
      return {
        answer,
        audit: {
          action: 'certificate.retire',
          object: { kind: 'certificate', id },
          detail: { names: before.names, issuer: before.issuer },
        },
        changes: [{ kind: 'certificate' as const, id }],
      };
    });
  }
}

function existing(certificate: Certificate | undefined): Certificate {
  if (!certificate) throw new AppError('NOT_FOUND', 'No such certificate');
  return certificate;
}

async function whereServed(
  { virtualHosts }: Pick<Repositories, 'virtualHosts'>,
  id: string,
): Promise<string> {
  const targets = await virtualHosts.targetsOf(id);
  const named = targets
    .slice(0, MAX_NAMED)
    .map(({ server_names, server }) => `${server_names[0] ?? 'a virtual host'} on ${server.name}`);
  const more = targets.length - named.length;
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
