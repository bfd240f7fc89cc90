import type {
  Certificate,
  certificateBatch,
  certificateCreate,
  certificateRevoke,
  DeployOrder,
  Operation,
  OperationKind,
} from '@viw/contracts';
import type { ListOptions, NewOperation, Scoped } from '@viw/database';
import { AppError, uuidv7 } from '@viw/runtime';
import type { z } from 'zod';
import { principalOf } from '../auth/caller';
import type { Repositories } from '../store';
import type { WriteRequest, IdempotentWrites } from './idempotent-writes';

export interface CertificateServiceDeps {
  readonly repositories: Pick<Repositories, 'certificates' | 'certificateVersions' | 'operations'>;
  readonly writes: IdempotentWrites;
}

/** Issuers that this installation knows. */
const issuers: readonly string[] = ['acme'];

export interface AcceptedOperation {
  certificate_id: string;
  operation_id: string;
}

/** Certificates and the work on them. Each piece of work is an operation, stored with its outbox row. */
export class CertificateService {
  constructor(private readonly deps: CertificateServiceDeps) {}

  list(options: ListOptions & Scoped & { q?: string | undefined }) {
    return this.deps.repositories.certificates.list(options);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<Certificate> {
    return existing(await this.deps.repositories.certificates.get(id));
  }

  async versions(id: string, options: ListOptions) {
    await this.get(id);
    return this.deps.repositories.certificateVersions.list(id, options);
  }

  async operations(id: string, options: ListOptions) {
    await this.get(id);
    return this.deps.repositories.operations.list(id, options);
  }

  /** @throws AppError NOT_FOUND */
  async operation(id: string): Promise<Operation> {
    const operation = await this.deps.repositories.operations.get(id);
    if (!operation) throw new AppError('NOT_FOUND', 'No such operation');
    return operation;
  }

  /** Issues, then deploys to `deploy_to`. @throws AppError VALIDATION_FAILED, NOT_FOUND for a virtual host */
  create(write: WriteRequest, input: z.output<typeof certificateCreate>): Promise<AcceptedOperation> {
    assertIssuable(input);
    return this.deps.writes.perform(write, async (repositories) => {
      const { deploy_to: deployTo, ...wanted } = input;
      const names = [...new Set(wanted.names)];
      const id = await repositories.certificates.create({ ...wanted, names, created_by: write.caller.name });
      await repositories.virtualHosts.assignCertificate(deployTo, id);
      return start(repositories, write, id, 'issue', { names, deploy_to: deployTo });
    });
  }

  /**
   * @param rollout how a deployment goes through its servers
   * @throws AppError NOT_FOUND; CONFLICT when there is nothing yet to renew or deploy
   */
  order(
    write: WriteRequest,
    id: string,
    kind: 'renew' | 'deploy',
    rollout?: DeployOrder,
  ): Promise<AcceptedOperation> {
    return this.deps.writes.perform(write, async (repositories) => {
      assertOrderable(existing(await repositories.certificates.get(id)), kind);
      const how = { ...(rollout && { rollout }) };
      return start(repositories, write, id, kind, how, how);
    });
  }

  /**
   * As `order` for each, all or none. The first one begins; the others begin when it has succeeded, and none begins after one
   * has failed. @throws AppError as `order`; `meta.certificate_id` says for which
   */
  orderMany(write: WriteRequest, input: z.output<typeof certificateBatch>): Promise<AcceptedOperation[]> {
    const { kind, certificate_ids: ids, rollout } = input;
    return this.deps.writes.perform(write, async (repositories) => {
      const started: Awaited<ReturnType<typeof start>>[] = [];
      // The first one is the canary of all, on its own first server.
      const batch = uuidv7();
      for (const [position, id] of ids.entries()) {
        try {
          assertOrderable(existing(await repositories.certificates.get(id)), kind);
        } catch (error) {
          throw error instanceof AppError
            ? new AppError(error.code, `${id}: ${error.message}`, { meta: { certificate_id: id } })
            : error;
        }
        const place = { id: batch, position };
        started.push(await start(repositories, write, id, kind, { rollout }, { rollout }, place));
      }
      const answer = started.map((one) => one.answer);
      return {
        answer,
        audit: {
          action: `certificate.${kind}_batch`,
          object: { kind: 'certificate', id: `${ids.length} certificates` },
          detail: { batch, operations: answer, rollout },
        },
        changes: started.flatMap(({ changes }) => changes),
      };
    });
  }

  /** @throws AppError NOT_FOUND; CONFLICT when there is nothing to be revoked */
  revoke(
    write: WriteRequest,
    id: string,
    asked: z.output<typeof certificateRevoke>,
  ): Promise<AcceptedOperation> {
    return this.deps.writes.perform(write, async (repositories) => {
      const certificate = existing(await repositories.certificates.get(id));
      if (certificate.state === 'revoked') throw new AppError('CONFLICT', 'It is revoked already');
      if (certificate.current_version === null)
        throw new AppError('CONFLICT', 'It has not been issued yet: there is nothing to revoke');
      return start(repositories, write, id, 'revoke', asked, asked);
    });
  }
}

async function start(
  { operations }: Pick<Repositories, 'operations'>,
  { caller, request }: WriteRequest,
  certificateId: string,
  kind: OperationKind,
  detail: Readonly<Record<string, unknown>>,
  parameters: Readonly<Record<string, unknown>> = {},
  batch?: NewOperation['batch'],
) {
  const operationId = await operations.create({
    certificate_id: certificateId,
    kind,
    parameters,
    issued_by: principalOf(caller),
    correlation_id: request.correlationId,
    batch,
  });
  return {
    answer: { certificate_id: certificateId, operation_id: operationId },
    audit: {
      action: `certificate.${kind}`,
      object: { kind: 'certificate', id: certificateId },
      detail: { operation_id: operationId, ...detail },
    },
    changes: [
      { kind: 'certificate' as const, id: certificateId },
      { kind: 'operation' as const, id: operationId, parent_id: certificateId },
    ],
  };
}

/** @throws AppError CONFLICT */
function assertOrderable({ current_version, used_by, state }: Certificate, kind: 'renew' | 'deploy'): void {
  if (kind === 'deploy' && current_version === null)
    throw new AppError('CONFLICT', 'It has not been issued yet: there is nothing to deploy');
  if (kind === 'deploy' && used_by.length === 0)
    throw new AppError('CONFLICT', 'No virtual host is to serve it');
  if (state === 'revoked') throw new AppError('CONFLICT', 'It is revoked');
}

function existing(certificate: Certificate | undefined): Certificate {
  if (!certificate) throw new AppError('NOT_FOUND', 'No such certificate');
  return certificate;
}

/** @throws AppError VALIDATION_FAILED */
function assertIssuable({ issuer, challenge, names }: z.output<typeof certificateCreate>): void {
  const errors = [
    ...(issuers.includes(issuer) ? [] : [{ path: 'issuer', msg: `one of: ${issuers.join(', ')}` }]),
    // RFC 8555 section 8.3 and RFC 8737 section 3: only DNS-01 proves a wildcard.
    ...names.flatMap((name, index) =>
      challenge !== 'dns-01' && name.startsWith('*.')
        ? [{ path: `names.${index}`, msg: `a wildcard cannot be proved by ${challenge}` }]
        : [],
    ),
  ];
  if (errors.length > 0)
    throw new AppError('VALIDATION_FAILED', errors.map(({ path, msg }) => `${path}: ${msg}`).join('; '), {
      meta: { errors },
    });
}
