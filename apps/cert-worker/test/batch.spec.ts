import { uuidv7 } from '@viw/runtime';
import { startFleetRig, type FleetRig } from './fleet-rig';

let rig: FleetRig;
beforeAll(async () => {
  rig = await startFleetRig({ servers: 3, instances: 1 });
}, 60_000);
afterAll(() => rig.stop(), 60_000);

const never = new AbortController().signal;

async function orderBatch(count: number) {
  const certificates = await Promise.all(
    rig.servers.slice(0, count).map((server) => rig.certificate([server])),
  );
  const batch = uuidv7();
  const operations: string[] = [];
  for (const [position, { id }] of certificates.entries())
    operations.push(await rig.deploy(id, {}, { id: batch, position }));
  return { certificates, operations };
}
const run = (id: string | undefined) => rig.runner('worker').run(id ?? '', { signal: never });
const statusOf = async (id: string | undefined) => (await rig.operations.get(id ?? ''))?.status;

test('of certificates that were ordered together the first is the canary of all', async () => {
  const { certificates, operations } = await orderBatch(3);
  const [canary, ...rest] = operations;
  for (const id of rest) {
    expect(await run(id)).toEqual({ retryAfterMs: expect.any(Number) as number });
    expect(await statusOf(id)).toBe('accepted');
  }
  // What waits with a worker is not given out once more.
  await rig.ageOperations();
  // The longer it has waited, the more seldom it asks.
  expect(await run(rest[0])).toEqual({ retryAfterMs: 60_000 });
  expect(await rig.operations.requeueStale({ afterSeconds: 60 })).toEqual([canary]);
  for (const id of operations) expect(await run(id)).toBe('ended');
  expect(await Promise.all(operations.map(statusOf))).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(await Promise.all(rig.servers.map((server) => server.served()))).toEqual(
    certificates.map(({ fingerprint }) => fingerprint),
  );
});

test('the first that fails halts the rest, and nothing of it is touched', async () => {
  const [first] = rig.servers;
  if (!first) throw new Error('no server');
  const before = await Promise.all(rig.servers.map((server) => server.served()));
  const { operations } = await orderBatch(3);
  await rig.reloadBy(first, ['true']);
  try {
    for (const id of operations) expect(await run(id)).toBe('ended');
  } finally {
    await rig.reloadBy(first, undefined);
  }
  const ended = await Promise.all(operations.map((id) => rig.operations.get(id)));
  expect(ended.map((one) => one?.error?.code)).toEqual([
    'DEPLOY_NOT_PROVEN',
    'DEPLOY_REFUSED',
    'DEPLOY_REFUSED',
  ]);
  expect(ended[2]).toMatchObject({
    started_at: null,
    steps: [],
    error: { msg: expect.stringContaining(`operation ${operations[0]} of the same batch failed`) as string },
  });
  expect(await Promise.all(rig.servers.map((server) => server.served()))).toEqual(before);
});

test('one that fails after the canary halts those that have not begun', async () => {
  const { operations } = await orderBatch(3);
  const second = rig.servers[1];
  if (!second) throw new Error('no server');
  expect(await run(operations[0])).toBe('ended');
  await rig.reloadBy(second, ['true']);
  try {
    for (const id of operations.slice(1)) expect(await run(id)).toBe('ended');
  } finally {
    await rig.reloadBy(second, undefined);
  }
  expect(await Promise.all(operations.map(statusOf))).toEqual(['succeeded', 'failed', 'failed']);
  expect((await rig.operations.get(operations[2] ?? ''))?.started_at).toBeNull();
});
