import { ServerProbeRepository } from '@viw/database';
import { sql } from 'kysely';
import { ServerProbes } from '../src/deploy/server-probes';
import { StepJournal } from '../src/operation/step-journal';
import { startFleetRig, type FleetRig } from './fleet-rig';

let rig: FleetRig;
beforeAll(async () => {
  rig = await startFleetRig({ servers: 1, instances: 1 });
}, 60_000);
afterAll(() => rig.stop(), 60_000);

const never = new AbortController().signal;
const testBy = (command: readonly string[]) =>
  sql`UPDATE viw.nginx_servers SET test_command = ${JSON.stringify(command)}::jsonb`.execute(rig.db);

/** Ends in a NUL, and in the middle of a character where 2,000 code units of it are kept. */
const WORDS = `printf 'no\\000\\303 '; printf '\\360\\237\\230\\200%.0s' $(seq 2000)`;

test('a server whose test says what Postgres cannot store: the deployment fails once, and is told of', async () => {
  const { id } = await rig.certificate(rig.servers);
  await testBy(['sh', '-c', `${WORDS}; exit 1`]);
  const operation = await rig.deploy(id, {});
  expect(await rig.runner('worker').run(operation, { signal: never })).toBe('ended');
  const told = expect.stringContaining('no\ufffd\ufffd 😀') as string;
  expect(await rig.operations.get(operation)).toMatchObject({
    status: 'failed',
    error: { code: 'NGINX_CONFIG_INVALID', msg: told },
    rollout: { targets: [{ state: 'failed', detail: told }] },
  });
});

async function lookBy(command: readonly string[]) {
  const [server] = rig.servers;
  if (!server) throw new Error('no server');
  await testBy(command);
  const asked = new ServerProbeRepository({ db: rig.db });
  await asked.request(server.id, { by: { kind: 'administrator', id: '1', name: 'a@example.org' } });
  const changes = { announce: () => undefined };
  await new ServerProbes({ ...rig.store, box: rig.box, pool: rig.pool, changes }).runAll(never);
  return asked.get(server.id);
}

test('a look at such a server is stored', async () => {
  expect(await lookBy(['sh', '-c', WORDS])).toMatchObject({
    state: 'done',
    result: {
      error: null,
      nginx: { output: expect.stringMatching(/^no\ufffd\ufffd 😀+\ufffd?$/u) as string },
    },
  });
});

test('a configuration that is too large is read in part, and told to be', async () => {
  const dump = `[ "$0" = -T ] && { echo '# configuration file /n:'; echo 'http { server {} }'; yes '#'; } | head -c 1100000; true`;
  const output = expect.stringContaining('too large') as string;
  expect(await lookBy(['sh', '-c', dump, '-t'])).toMatchObject({
    result: { error: null, nginx: { configuration: 'valid', output, virtual_hosts: [{ server_names: [] }] } },
  });
});

test('a step that no row can hold is dropped, and holds up none of the others', async () => {
  const { id } = await rig.certificate([]);
  const operation = await rig.deploy(id, {});
  const claim = await rig.store.operations.claim(operation, 'worker', 60);
  if (claim.outcome !== 'claimed') throw new Error(claim.outcome);
  const dropped: unknown[] = [];
  const logger = { ...rig.logger, warn: () => undefined, error: (facts: unknown) => dropped.push(facts) };
  const journal = new StepJournal(claim.work, {
    operations: rig.store.operations,
    producer: { publish: () => Promise.resolve('0-0') },
    changes: { announce: () => undefined },
    logger: logger as never,
  });
  await journal.report({ step: 'connect', status: 'done', virtual_host_id: 'no uuid' });
  await journal.report({ step: 'upload', status: 'done' });
  await journal.flush();
  expect(dropped).toMatchObject([{ event: 'step_dropped', step: 'connect', error: { code: '22P02' } }]);
  expect((await rig.operations.get(operation))?.steps.map(({ step }) => step)).toEqual(['upload']);
});
