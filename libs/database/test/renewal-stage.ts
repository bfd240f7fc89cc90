import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import {
  CertificateRepository,
  CertificateVersionRepository,
  OperationRepository,
  OperationWorkRepository,
  RenewalScheduleRepository,
  type NextAttempt,
} from '../src/index';
import { type Fixture, fixture, inSeconds } from './fixture';

export const DAY_S = 86_400;
export const issued_by = { kind: 'administrator', id: '1', name: 'admin@example.org' };

/** Certificates, their operations and failures, each written with the account of the service that writes it. */
export function renewalStage() {
  let f!: Fixture;
  const backend = {} as { deps: { db: Fixture['db'] } };
  const worker = {} as { deps: { db: Fixture['db'] } };
  const workerDeps = {
    get db() {
      return worker.deps.db;
    },
  };
  const schedule = new RenewalScheduleRepository(workerDeps);
  const work = new OperationWorkRepository(workerDeps);
  beforeAll(async () => {
    f = await fixture();
    backend.deps = { db: await f.as('viw_backend') };
    worker.deps = { db: await f.as('viw_cert_worker') };
  });
  afterAll(() => f.close());
  beforeEach(() => sql`UPDATE viw.certificates SET deleted_at = now()`.execute(f.db));

  const certificate = () =>
    new CertificateRepository(backend.deps).create({
      names: ['www.example.org'],
      issuer: 'acme',
      challenge: 'http-01',
      key_type: 'ec-p256',
      created_by: 'admin',
    });

  const get = async (id: string) => (await new CertificateRepository(backend.deps).get(id))!;

  async function claimed(certificate_id: string, kind: 'issue' | 'renew' | 'deploy', known?: string) {
    const id =
      known ?? (await new OperationRepository(backend.deps).create({ certificate_id, kind, issued_by }));
    const claim = await work.claim(id, 'worker', 60);
    if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
    return claim.work;
  }

  async function version(
    { certificate_id, operation_id, fencing }: Awaited<ReturnType<typeof claimed>>,
    not_after = inSeconds(60 * DAY_S),
  ) {
    const id = uuidv7();
    await new CertificateVersionRepository(worker.deps).save(fencing, {
      id,
      certificate_id,
      operation_id,
      cert_pem: 'leaf',
      chain_pem: 'chain',
      private_key_sealed: {},
      serial: '01',
      fingerprint_sha256: id,
      issuer: 'CN=CA',
      names: ['www.example.org'],
      not_before: inSeconds(-30 * DAY_S),
      not_after,
    });
    return id;
  }

  async function issued(not_after?: string): Promise<string> {
    const id = await certificate();
    const operation = await claimed(id, 'issue');
    await version(operation, not_after);
    await work.finish(operation.operation_id, operation.fencing, 'succeeded');
    return id;
  }

  async function planned(id: string, due_at: string): Promise<void> {
    const { current_version } = await get(id);
    await schedule.savePlan({
      certificate_id: id,
      version_id: current_version!.id,
      due_at,
      reason: 'lifetime',
      jitter: 0.25,
      suggested_start: null,
      suggested_end: null,
      suggested_instant: null,
      suggestion_url: null,
      heard_at: null,
      ask_failures: 0,
      note: null,
      look_again_at: inSeconds(3_600),
    });
  }

  const next = (retry_at: string | null): NextAttempt => ({
    retry_at,
    problem_type: 'connection',
    viw_does: 'tries again',
    you_can: 'open port 80',
  });

  async function failed(
    id: string,
    kind: 'issue' | 'renew' | 'deploy',
    retry_at: string | null,
    before: (operation: Awaited<ReturnType<typeof claimed>>) => Promise<unknown> = async () => undefined,
  ) {
    const operation = await claimed(id, kind);
    await before(operation);
    await work.finish(operation.operation_id, operation.fencing, 'failed', {
      code: 'ACME_REFUSED',
      msg: 'nobody answers',
      next: next(retry_at),
    });
    return operation;
  }

  const due = async () => (await schedule.due(10)).map(({ certificate_id, kind }) => [certificate_id, kind]);

  return {
    owner: () => f.db,
    ...{
      backend,
      worker,
      schedule,
      work,
      certificate,
      get,
      claimed,
      version,
      issued,
      planned,
      next,
      failed,
      due,
    },
  };
}
