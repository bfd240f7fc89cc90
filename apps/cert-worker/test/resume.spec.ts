import { AcmeIssuer, Http01Responder, generatePrivateKeyPem } from '@viw/acme';
import type { Db, NewStep } from '@viw/database';
import {
  CertificateRepository,
  CertificateVersionRepository,
  OperationRepository,
  OperationWorkRepository,
  createDatabase,
  migrate,
} from '@viw/database';
import { createLogger, createMetrics } from '@viw/runtime';
import { SecretBox, generateKek } from '@viw/secrets';
import { eventually, freePort, startPebble, uniqueDatabase, type Pebble } from '@viw/testing';
import { sql } from 'kysely';
import { Issuance } from '../src/issue/issuance';
import { operationKinds } from '../src/operation/operation-kinds';
import { OperationRunner } from '../src/operation/operation-runner';
import { repositoriesOf } from '../src/repositories';
import { WorkerMetrics } from '../src/worker-metrics';

let db: Db;
let pebble: Pebble;
let accountKeyPem: string;
const responders: Http01Responder[] = [];
const issuers: AcmeIssuer[] = [];
const box = new SecretBox({ keys: [generateKek()] });
const logger = createLogger({ service: 'test', level: 'silent' });
let live: Http01Responder;

beforeAll(async () => {
  const { url } = await uniqueDatabase();
  db = createDatabase({ url, applicationName: 'test', max: 20 });
  await migrate(db);
  const httpPort = await freePort();
  live = await responder(httpPort);
  pebble = await startPebble({ httpPort, nonceRejectPercent: 50, strict: true });
  accountKeyPem = await generatePrivateKeyPem();
  // One account for all, as in an installation.
  await issuer().issue({ names: ['first.example'], solver: live });
});
afterAll(async () => {
  await Promise.all(responders.map((one) => one.stop()));
  await Promise.all(issuers.map((one) => one.close()));
  await pebble.stop();
  await db.destroy();
});

async function responder(port: number): Promise<Http01Responder> {
  const one = new Http01Responder(
    { bind: { host: '127.0.0.1', port } },
    { shared: repositoriesOf(db).http01Answers },
  );
  await one.start();
  responders.push(one);
  return one;
}

function issuer(): AcmeIssuer {
  const one = new AcmeIssuer({
    directoryUrl: pebble.directoryUrl,
    directoryCaPem: pebble.caCertPem,
    accountKeyPem,
    termsOfServiceAgreed: true,
    pollMs: 20,
  });
  issuers.push(one);
  return one;
}

/** Stands still when a step is to be written down, renewing no lease, as a process does that is dead or frozen. */
class FreezingRepository extends OperationWorkRepository {
  #thaw: () => void = () => undefined;
  readonly thawed = new Promise<void>((resolve) => (this.#thaw = resolve));
  frozen = false;

  constructor(private readonly at: string) {
    super({ db });
  }

  thaw(): void {
    this.#thaw();
  }

  override async recordStep(operationId: string, fencing: number, step: NewStep): Promise<void> {
    if (`${step.step.replace(/ .*/, '')} ${step.status}` === this.at) this.frozen = true;
    if (this.frozen) await this.thawed;
    return super.recordStep(operationId, fencing, step);
  }

  override async renewLease(operationId: string, fencing: number, leaseSeconds: number): Promise<boolean> {
    if (this.frozen) await this.thawed;
    return super.renewLease(operationId, fencing, leaseSeconds);
  }
}

function worker(
  solver: Http01Responder,
  operations = new OperationWorkRepository({ db }),
  leaseSeconds = 15,
) {
  const store = { ...repositoriesOf(db), operations };
  const metrics = new WorkerMetrics(createMetrics('test'));
  const account = issuer();
  const issuance = new Issuance({
    issuers: { of: () => Promise.resolve({ issuer: account, proves: true }) },
    solvers: { 'http-01': solver },
    box,
    metrics,
    store,
  });
  const deployment = { run: () => Promise.resolve() };
  return new OperationRunner(
    { consumer: 'worker', leaseSeconds },
    {
      ...store,
      perform: operationKinds({ issuance, deployment, revocation: deployment, rollback: deployment }),
      journal: {
        producer: { publish: () => Promise.resolve('0-0') },
        changes: { announce: () => undefined },
      },
      metrics,
      logger,
    },
  );
}

async function accepted(name: string) {
  const certificateId = await new CertificateRepository({ db }).create({
    names: [name],
    issuer: 'acme',
    challenge: 'http-01',
    key_type: 'ec-p256',
    created_by: 'test',
  });
  const issued_by = { kind: 'system', id: 'test', name: 'test' };
  const operations = new OperationRepository({ db });
  const id = await operations.create({ certificate_id: certificateId, kind: 'issue', issued_by });
  return { id, certificateId };
}

const stop = () => new AbortController().signal;

/** As the request handler does: asks again while another worker holds it. */
async function runToEnd(runner: OperationRunner, id: string): Promise<void> {
  while ((await runner.run(id, { signal: stop() })) !== 'ended')
    await new Promise((resolve) => setTimeout(resolve, 50));
}

async function expectOneOfEach(id: string, certificateId: string): Promise<void> {
  expect(await ordersAt(certificateId)).toHaveLength(1);
  expect((await new CertificateVersionRepository({ db }).list(certificateId)).items).toHaveLength(1);
  expect(await new OperationRepository({ db }).get(id)).toMatchObject({
    status: 'succeeded',
    order_state: 'stored',
  });
}

/** Every order that any worker has told of. */
async function ordersAt(certificateId: string): Promise<unknown[]> {
  const { rows } = await sql`
    SELECT DISTINCT regexp_replace(s.detail, ' .*', '') FROM viw.certificate_operation_steps s
    JOIN viw.certificate_operations o ON o.id = s.operation_id
    WHERE o.certificate_id = ${certificateId} AND s.step = 'order' AND s.status = 'done'`.execute(db);
  return rows;
}

async function expectNothingLeft(): Promise<void> {
  await eventually(async () => {
    for (const table of ['challenge_answers', 'certificate_order_keys'])
      expect((await sql`SELECT 1 FROM ${sql.table(`viw.${table}`)}`.execute(db)).rows).toEqual([]);
  });
}

const steps = [
  'account done',
  'challenge started',
  'challenge done',
  'finalize started',
  'finalize done',
  'download started',
  'download done',
  'store done',
];

async function freezeAt(step: string): Promise<void> {
  const { id, certificateId } = await accepted(`${step.replace(' ', '-')}.example`);
  const frozen = new FreezingRepository(step);
  const first = worker(await responder(0), frozen, 2)
    .run(id, { signal: stop() })
    .catch((error: unknown) => error);
  await eventually(() => expect(frozen.frozen).toBe(true), { timeoutMs: 30_000 });
  await runToEnd(worker(live), id);
  await expectOneOfEach(id, certificateId);
  // It wakes up, and neither saves nor undoes anything.
  frozen.thaw();
  expect(await first).toMatchObject({ code: 'CONFLICT' });
  await expectOneOfEach(id, certificateId);
}

test('a worker that freezes, at any step: another one ends it, with one order and one certificate', async () => {
  // Side by side, since each waits for a lease to end.
  const ends = await Promise.allSettled(steps.map(freezeAt));
  const bad = ends.flatMap((end, index) =>
    end.status === 'rejected' ? [`${steps[index]}: ${(end.reason as Error).message}`] : [],
  );
  expect(bad).toEqual([]);
  await expectNothingLeft();
});

test('one request handed to eight workers: one order, one certificate', async () => {
  const { id, certificateId } = await accepted('eight.example');
  await Promise.all(Array.from({ length: 8 }, () => runToEnd(worker(live), id)));
  await expectOneOfEach(id, certificateId);
  await expectNothingLeft();
});
