import { certRequestsStream, gatewayRegistryStream } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import {
  GatewayRegistryRepository,
  GatewayRepository,
  OutboxListener,
  OutboxRepository,
  inTransaction,
} from '../src/index';
import { type Fixture, fixture, newAgent } from './fixture';

let f: Fixture;
let outbox: OutboxRepository;
beforeAll(async () => {
  f = await fixture();
  outbox = new OutboxRepository({ db: await f.as('viw_backend') });
});
afterAll(() => f.close());

const [body] = certRequestsStream.examples;
const enqueue = (repository = outbox) => {
  if (!body) throw new Error('no example');
  return repository.enqueue(certRequestsStream, body);
};

test('entries come in order, once published never again; a rolled back one never', async () => {
  const ids = [await enqueue(), await enqueue(), await enqueue()];
  await inTransaction(f.db, async (trx) => {
    await enqueue(new OutboxRepository({ db: trx }));
    throw new Error('rolled back');
  }).catch(() => undefined);
  const batch = await outbox.claimBatch(2);
  expect(batch.map((entry) => entry.event_id)).toEqual(ids.slice(0, 2));
  expect(batch[0]).toMatchObject({ stream: 'viw.cert_requests', v: 1, body });
  expect(await outbox.oldestUnpublishedAge()).toBeGreaterThanOrEqual(0);
  expect(await outbox.markPublished(batch)).toEqual([]);
  expect(await outbox.countUnpublished()).toBe(1);
  expect(await outbox.markPublished(batch)).toEqual([]);
  const rest = await outbox.claimBatch(10);
  expect(rest.map((entry) => entry.event_id)).toEqual(ids.slice(2));
  await outbox.markPublished(rest);
  expect(await outbox.oldestUnpublishedAge()).toBeNull();
  expect(await outbox.deletePublished(3_600)).toBe(0);
  expect(await outbox.deletePublished(0)).toBe(3);
});

test('what hubs must know of gateways overtakes everything else, in its own order', async () => {
  const waiting = [await enqueue(), await enqueue()];
  const deltas = [];
  for (const frozen of [true, false])
    deltas.push(
      await outbox.enqueue(gatewayRegistryStream, { kind: 'freeze', version: deltas.length + 1, frozen }),
    );
  const ids = async (limit: number, except: number[] = []) =>
    (await outbox.claimBatch(limit, except)).map((entry) => entry.event_id);
  expect(await ids(3)).toEqual([...deltas, waiting[0]]);
  const all = await outbox.claimBatch(10);
  expect(all.map((entry) => entry.event_id)).toEqual([...deltas, ...waiting]);
  const [first] = all;
  expect(await ids(2, [first?.id ?? 0])).toEqual([deltas[1], waiting[0]]);
  await outbox.markPublished(all);
  expect(await ids(10)).toEqual([]);
});

test('a body against its contract is refused', async () => {
  await expect(outbox.enqueue(certRequestsStream, { ...body, kind: 'nonsense' } as never)).rejects.toThrow();
  expect(await outbox.countUnpublished()).toBe(0);
});

test('the listener wakes at once, on every commit, and again after its connection broke', async () => {
  let wakes = 0;
  const name = 'listener-test';
  const listener = new OutboxListener({ url: f.url, applicationName: name }, { onWake: () => wakes++ });
  listener.start();
  await eventually(() => expect(wakes).toBe(1));
  await enqueue();
  await eventually(() => expect(wakes).toBe(2));
  await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = ${name} AND datname = current_database()`.execute(f.db);
  await eventually(() => expect(wakes).toBe(3));
  await enqueue();
  await eventually(() => expect(wakes).toBe(4));
  await listener.stop();
});

test('a listener without a database tries on and can be stopped', async () => {
  const errors: Error[] = [];
  const listener = new OutboxListener(
    { url: 'postgresql://a:b@127.0.0.1:1/x', applicationName: 'x' },
    { onWake: () => undefined, onError: (error) => errors.push(error) },
  );
  listener.start();
  await eventually(() => expect(errors.length).toBeGreaterThan(1));
  await listener.stop();
});

test('registry versions and outbox ids rise together, however many change at once', async () => {
  const agents = Array.from({ length: 8 }, newAgent);
  await Promise.all(
    agents.map((agent) =>
      inTransaction(f.db, async (trx) => {
        await new GatewayRepository({ db: trx }).register({ agent_id: agent });
        const registry = new GatewayRegistryRepository({ db: trx });
        const delta = await registry.gatewayDelta(agent);
        if (!delta) throw new Error('no delta');
        await new OutboxRepository({ db: trx }).enqueue(gatewayRegistryStream, delta);
      }),
    ),
  );
  const entries = (await outbox.claimBatch(100)).filter((entry) => entry.stream === 'viw.gateway_registry');
  expect(entries.map((entry) => entry.body['version'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  const registry = new GatewayRegistryRepository({ db: f.db });
  expect(await registry.freezeDelta(true, 'drill')).toEqual({ kind: 'freeze', version: 9, frozen: true });
  expect(await registry.freezeDelta(true, 'again')).toBeUndefined();
  expect(await registry.freezeState()).toMatchObject({ frozen: true, reason: 'drill' });
  const snapshot = await registry.snapshot();
  expect(snapshot).toMatchObject({ version: 9, frozen: true });
  expect(snapshot.gateways.map((gateway) => gateway.agent_id).sort()).toEqual([...agents].sort());
});
