import type { Operation, RolloutTarget } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { withDirectoryLock } from '../src/deploy/directory-lock';
import { startFleetRig, type FleetRig, type FleetServer } from './fleet-rig';

let rig: FleetRig;
beforeAll(async () => {
  rig = await startFleetRig({ servers: 50, instances: 5 });
});
afterAll(() => rig?.stop());

const never = new AbortController().signal;

async function ended(operationId: string): Promise<Operation> {
  expect(await rig.runner('worker').run(operationId, { signal: never })).toBe('ended');
  const operation = await rig.operations.get(operationId);
  if (!operation) throw new Error('no such operation');
  return operation;
}

const namesOf = (operation: Operation | undefined, state: RolloutTarget['state']): string[] =>
  (operation?.rollout?.targets ?? [])
    .filter((target) => target.state === state)
    .map((target) => target.server_name);

const fingerprints = (servers: readonly FleetServer[]): Promise<string[]> =>
  Promise.all(servers.map((server) => server.served()));

/** Holds the lock on the server's certificate directory until the function is called. */
async function occupied(server: FleetServer | undefined): Promise<() => Promise<void>> {
  if (!server) throw new Error('too few servers');
  const { sshd, certDir: path } = server;
  const directory = { host: sshd.host, port: sshd.port, path };
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  let busy = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    busy = withDirectoryLock({ locks: rig.locks }, directory, never, () => {
      resolve();
      return over;
    });
    busy.catch(reject);
  });
  return () => {
    end();
    return busy;
  };
}

test('fifty servers, the seventh broken: halts there, everything else stays; ordered again it goes on', async () => {
  const { servers } = rig;
  const seventh = servers[6];
  if (!seventh) throw new Error('too few servers');
  const before = await fingerprints(servers);
  const { id, fingerprint } = await rig.certificate(servers);
  // Says that it reloads, and keeps the old certificate.
  await rig.reloadBy(seventh, ['true']);
  const order = { canary: 1, wave: 10, concurrency: 5 };

  const halted = await ended(await rig.deploy(id, order));
  expect(halted).toMatchObject({
    status: 'failed',
    error: { code: 'DEPLOY_NOT_PROVEN', msg: expect.stringMatching(/^server 07: /) as string },
  });
  expect(namesOf(halted, 'failed')).toEqual(['server 07']);
  const done = namesOf(halted, 'done');
  expect(done).toContain('server 01');
  expect(halted.rollout).toMatchObject({
    total: 50,
    failed: 1,
    done: done.length,
    skipped: 49 - done.length,
    percent: done.length * 2,
  });
  // Wave 0 is the canary, wave 1 servers 2 to 11; wave 2 has not begun.
  expect(done.filter((name) => name > 'server 11')).toEqual([]);
  expect(halted.rollout?.targets.find(({ state }) => state === 'skipped')).toMatchObject({
    detail: 'not begun: the deployment to server 07 failed',
  });
  expect(await fingerprints(servers)).toEqual(
    servers.map(({ name }, index) => (done.includes(name) ? fingerprint : before[index])),
  );

  await rig.reloadBy(seventh, undefined);
  const resumed = await ended(await rig.deploy(id, order));
  expect(resumed).toMatchObject({
    status: 'succeeded',
    rollout: { total: 50, done: 50, failed: 0, skipped: 0, percent: 100 },
  });
  expect(await fingerprints(servers)).toEqual(servers.map(() => fingerprint));
  // What was proved the first time was not touched again.
  const untouched = resumed.steps.filter(({ detail }) => detail === 'served already');
  expect(untouched).toHaveLength(done.length);
}, 120_000);

test('a first server that stays broken keeps the certificate from no other one', async () => {
  const servers = rig.servers.slice(10, 13);
  const [first] = servers;
  if (!first) throw new Error('too few servers');
  const { id } = await rig.certificate(servers);
  await rig.reloadBy(first, ['true']);
  const halted = await ended(await rig.deploy(id, { concurrency: 1 }));
  expect(namesOf(halted, 'failed')).toEqual([first.name]);
  expect(namesOf(halted, 'done')).toEqual([]);

  const again = await ended(await rig.deploy(id, { concurrency: 1 }));
  expect(namesOf(again, 'done')).toEqual(servers.slice(1).map(({ name }) => name));
  expect(namesOf(again, 'failed')).toEqual([first.name]);
  await rig.reloadBy(first, undefined);
});

test('a worker that leaves in the middle: the next one begins with what is not proved yet', async () => {
  const servers = rig.servers.slice(0, 6);
  const { id, fingerprint } = await rig.certificate(servers);
  const operationId = await rig.deploy(id, { concurrency: 1 });
  const stop = new AbortController();
  // Somebody else is at the fourth server until the worker has left: it does not get to the end before.
  const release = await occupied(servers[3]);
  try {
    const left = rig.runner('leaves').run(operationId, { signal: stop.signal });
    const halfway = eventually(
      async () => {
        const operation = await rig.operations.get(operationId);
        expect(namesOf(operation, 'done').length).toBeGreaterThanOrEqual(2);
      },
      { timeoutMs: 30_000 },
    ).then(() => stop.abort(new AppError('UNAVAILABLE', 'the worker stops')));
    await expect(left).rejects.toThrow('the worker stops');
    await halfway;
  } finally {
    await release();
  }
  const proved = namesOf(await rig.operations.get(operationId), 'done');
  expect(proved.length).toBeLessThan(6);

  const operation = await ended(operationId);
  expect(operation).toMatchObject({ status: 'succeeded', rollout: { total: 6, done: 6, percent: 100 } });
  expect(await fingerprints(servers)).toEqual(servers.map(() => fingerprint));
  const connects = servers
    .filter(({ name }) => proved.includes(name))
    .map(
      ({ virtualHostId }) =>
        operation.steps.filter(
          (one) => one.virtual_host_id === virtualHostId && one.step === 'connect' && one.status === 'done',
        ).length,
    );
  expect(connects).toEqual(proved.map(() => 1));
});
