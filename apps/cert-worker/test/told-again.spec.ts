import { CertificateRepository, OperationRepository, createDatabase, migrate, type Db } from '@viw/database';
import { certAlertsStream, certEventsStream } from '@viw/contracts';
import { AppError, createLogger, createMetrics, uuidv7 } from '@viw/runtime';
import { uniqueDatabase } from '@viw/testing';
import { OperationRunner } from '../src/operation/operation-runner';
import { repositoriesOf } from '../src/repositories';
import { WorkerMetrics } from '../src/worker-metrics';

let db: Db;
beforeAll(async () => {
  const { url } = await uniqueDatabase();
  db = createDatabase({ url, applicationName: 'test' });
  await migrate(db);
});
afterAll(() => db.destroy());

const never = new AbortController().signal;
const refused = new AppError('DEPLOY_REFUSED', 'the server refused it');

/** A worker of its own, and what it has told to whom. */
function worker() {
  const told: string[] = [];
  const ids = new Set<string | undefined>();
  const runner = new OperationRunner(
    { consumer: 'worker' },
    {
      ...repositoriesOf(db),
      perform: () => Promise.reject(refused),
      journal: {
        producer: {
          publish: ({ stream }, body, options) => {
            const { event, outcome, state } = body as { event?: string; outcome?: string; state?: string };
            told.push([stream, event, outcome, state].filter((word) => word !== undefined).join(' '));
            if (stream === certEventsStream.stream) ids.add(options?.eventId);
            return Promise.resolve('0-0');
          },
        },
        changes: { announce: () => undefined },
      },
      metrics: new WorkerMetrics(createMetrics('test')),
      logger: createLogger({ service: 'test', level: 'silent' }),
    },
  );
  return { told, ids, run: (id: string, again = false) => runner.run(id, { signal: never, again }) };
}

async function ordered(batch: string, position: number): Promise<string> {
  const certificate_id = await new CertificateRepository({ db }).create({
    names: [`n${position}.example`],
    issuer: 'acme',
    challenge: 'http-01',
    key_type: 'ec-p256',
    created_by: 'test',
  });
  return new OperationRepository({ db }).create({
    certificate_id,
    kind: 'deploy',
    issued_by: { kind: 'system', id: 'test', name: 'test' },
    batch: { id: batch, position },
  });
}

const failed = `${certEventsStream.stream} finished failed`;

test('ends of a batch that were cut off before they were told are told once more, alerts by what has failed itself', async () => {
  const batch = uuidv7();
  const [canary, member] = [await ordered(batch, 0), await ordered(batch, 1)];
  const dies = worker();
  for (const id of [canary, member]) expect(await dies.run(id)).toBe('ended');
  const alert = dies.told.filter((line) => line === certAlertsStream.stream);
  expect(alert).toHaveLength(1);
  expect(dies.told).toEqual([failed, ...alert, failed]);

  const next = worker();
  // Of the one that has failed: event and alert, under the id of the event before.
  expect(await next.run(canary, true)).toBe('ended');
  expect(next.told.splice(0)).toEqual([failed, ...alert]);
  // Of the one that was halted: the event. People know why from the other.
  expect(await next.run(member, true)).toBe('ended');
  expect(next.told.splice(0)).toEqual([failed]);
  expect(next.ids).toEqual(new Set([canary, member]));
  expect(dies.ids).toEqual(next.ids);
  // A request that comes for the first time finds the end told.
  expect(await next.run(canary)).toBe('ended');
  expect(next.told).toEqual([]);
});
