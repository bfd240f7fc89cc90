import { builtInIssuers, isIpAddress, privateCaIssuer } from '@viw/contracts';
import type {
  Certificate,
  certificateBatch,
  certificateCreate,
  certificateRevoke,
  certificateRollback,
  DeployOrder,
  Operation,
  OperationKind,
} from '@viw/contracts';
import type { ListOptions, NewOperation, Scoped } from '@viw/database';
import { AppError, uuidv7 } from '@viw/runtime';
import type { z } from 'zod';
import { principalOf } from '../auth/caller';
import { standsForOwn } from '../private-ca/own-names';
import type { Repositories } from '../store';
import { assertReturnable } from './returnable-version';
import type { WriteRequest, IdempotentWrites } from './idempotent-writes';

export interface CertificateServiceOptions {
  /** Of this API and the hubs: the private CA issues for none of them. */
  readonly ownNames: readonly string[];
}

export interface CertificateServiceDeps {
  readonly repositories: Pick<
    Repositories,
    'certificates' | 'certificateVersions' | 'operations' | 'issuerAccounts' | 'manualRecords'
  >;
  readonly writes: IdempotentWrites;
}

/** Issuers that a refusal lists. */
const MAX_NAMED = 50;

export interface AcceptedOperation {
  certificate_id: string;
  operation_id: string;
}

/** Certificates and the work on them. Each piece of work is an operation, stored with its outbox row. */
export class CertificateService {
  constructor(
    private readonly options: CertificateServiceOptions,
    private readonly deps: CertificateServiceDeps,
  ) {}

  list(options: ListOptions & Scoped & { q?: string | undefined }) {
    return this.deps.repositories.certificates.list(options);
  }

  /** A retired one, too. @throws AppError NOT_FOUND */
  async get(id: string): Promise<Certificate> {
    return existing(await this.deps.repositories.certificates.find(id));
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
    return existingOperation(await this.deps.repositories.operations.get(id));
  }

  /** Its DNS records are set, somebody says. @throws AppError NOT_FOUND; CONFLICT when it waits for none */
  async confirmRecords(write: WriteRequest, id: string): Promise<Operation> {
    return this.deps.writes.perform(write, async ({ operations, manualRecords }) => {
      const waiting = existingOperation(await operations.get(id));
      const { certificate_id } = waiting;
      const records = await manualRecords.confirm(id);
      await operations.requeue(waiting);
      return {
        answer: existingOperation(await operations.get(id)),
        audit: {
          action: 'certificate.confirm_records',
          object: { kind: 'certificate', id: certificate_id },
          detail: { operation_id: id, records },
        },
        changes: [{ kind: 'operation' as const, id, parent_id: certificate_id }],
      };
    });
  }

  /** Issues, then deploys to `deploy_to`. @throws AppError VALIDATION_FAILED, NOT_FOUND for a virtual host or DNS provider */
  create(write: WriteRequest, input: z.output<typeof certificateCreate>): Promise<AcceptedOperation> {
    if (input.issuer === privateCaIssuer) assertNotOwn(input.names, this.options.ownNames);
    else assertProvable(input);
    return this.deps.writes.perform(write, async (repositories) => {
      await assertIssuer(repositories, input.issuer);
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

  /** @throws AppError NOT_FOUND, also for the version; CONFLICT when there is no version that can be gone back to */
  rollback(
    write: WriteRequest,
    id: string,
    { version_id: wanted, rollout }: z.output<typeof certificateRollback>,
  ): Promise<AcceptedOperation> {
    return this.deps.writes.perform(write, async (repositories) => {
      const certificate = existing(await repositories.certificates.get(id));
      assertOrderable(certificate, 'deploy');
      const current = certificate.current_version?.id ?? '';
      const { certificateVersions } = repositories;
      const version = wanted
        ? await certificateVersions.find(id, wanted)
        : await certificateVersions.before(id, current);
      assertReturnable(version, current, wanted);
      const how = { version_id: version.id, rollout };
      return start(repositories, write, id, 'rollback', { ...how, from_version_id: current }, how);
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

function existingOperation(operation: Operation | undefined): Operation {
  if (!operation) throw new AppError('NOT_FOUND', 'No such operation');
  return operation;
}

function existing(certificate: Certificate | undefined): Certificate {
  if (!certificate) throw new AppError('NOT_FOUND', 'No such certificate');
  return certificate;
}

/** An account that is in use is kept from going until the transaction's end. @throws AppError VALIDATION_FAILED */
async function assertIssuer(
  { issuerAccounts }: Pick<Repositories, 'issuerAccounts'>,
  issuer: string,
): Promise<void> {
  if ((builtInIssuers as readonly string[]).includes(issuer) || (await issuerAccounts.holdIssuer(issuer)))
    return;
  const known = [...builtInIssuers, ...(await issuerAccounts.issuerNames())].slice(0, MAX_NAMED);
  const account = `an account at it is made by POST /api/v1/acme-accounts`;
  refuse([{ path: 'issuer', msg: `there is no issuer ${issuer}, only ${known.join(', ')}; ${account}` }]);
}

/** The private CA has nothing proved, and who trusts its root calls viw by these names. @throws AppError VALIDATION_FAILED */
function assertNotOwn(names: readonly string[], own: readonly string[]): void {
  refuse(
    names.flatMap((name, index) =>
      standsForOwn(name, own)
        ? [
            {
              path: `names.${index}`,
              msg: `${name} stands for a name of viw itself, which ${privateCaIssuer} does not issue for`,
            },
          ]
        : [],
    ),
  );
}

/** What no issuer's challenge proves. @throws AppError VALIDATION_FAILED */
function assertProvable(input: z.output<typeof certificateCreate>): void {
  const { challenge, names, dns_provider_id, http_via, deploy_to } = input;
  refuse([
    ...names.flatMap((name, index) => {
      const path = `names.${index}`;
      // RFC 8555 section 8.3 and RFC 8737 section 3: only DNS-01 proves a wildcard.
      if (challenge !== 'dns-01' && name.startsWith('*.'))
        return [{ path, msg: `a wildcard cannot be proved by ${challenge}, only by dns-01` }];
      // RFC 8738 section 7: an address stands in no zone.
      if (challenge === 'dns-01' && isIpAddress(name))
        return [{ path, msg: 'an IP address cannot be proved by dns-01, only by http-01 or tls-alpn-01' }];
      return [];
    }),
    ...(dns_provider_id !== null && challenge !== 'dns-01'
      ? [{ path: 'dns_provider_id', msg: 'goes with dns-01 only' }]
      : []),
    ...(http_via === 'server' && (challenge !== 'http-01' || deploy_to.length === 0)
      ? [{ path: 'http_via', msg: 'server goes with http-01 and virtual hosts in deploy_to' }]
      : []),
  ]);
}

/** @throws AppError VALIDATION_FAILED unless there is nothing */
function refuse(errors: readonly { readonly path: string; readonly msg: string }[]): void {
  if (errors.length > 0)
    throw new AppError('VALIDATION_FAILED', errors.map(({ path, msg }) => `${path}: ${msg}`).join('; '), {
      meta: { errors },
    });
}
