import { symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { AlertsBody } from '@viw/contracts';
import { advisoryLocks } from '@viw/contracts';
import { CertificateRepository, ElectedTask } from '@viw/database';
import { SshPool } from '@viw/ssh-deploy';
import { eventually, runTool } from '@viw/testing';
import { sql } from 'kysely';
import { ServedWatch } from '../src/deploy/served-watch';
import { startFleetRig, type FleetRig, type FleetServer } from './fleet-rig';

const endless = new AbortController().signal;
// Impatient: a server that is away is away.
const pool = new SshPool({ attempts: 1, breaker: { coolDownMs: 1 } });
let rig: FleetRig;
beforeAll(async () => {
  rig = await startFleetRig({ servers: 3, instances: 3 });
}, 60_000);
afterAll(async () => {
  await pool.stop();
  await rig.stop();
}, 60_000);

/** @param of the alerts of this server only */
function watch({ alerts, of }: { alerts: AlertsBody[]; of?: FleetServer }, everyS: number): ServedWatch {
  return new ServedWatch(
    { everyS },
    {
      ...rig.store,
      box: rig.box,
      pool,
      producer: {
        publish: (_contract, body) => {
          const alert = body as AlertsBody;
          if (alert.dedupe_key.endsWith(`:${of?.virtualHostId}`)) alerts.push(alert);
          return Promise.resolve('0-0');
        },
      },
      changes: { announce: () => undefined },
      metrics: rig.metrics,
      logger: rig.logger,
    },
  );
}

async function deployed(server: FleetServer) {
  const certificate = await rig.certificate([server]);
  const signal = new AbortController().signal;
  await rig.runner('worker').run(await rig.deploy(certificate.id, {}), { signal });
  expect(await server.served()).toBe(certificate.fingerprint);
  return certificate;
}

const servedOf = async (certificateId: string) =>
  (await new CertificateRepository({ db: rig.db }).get(certificateId))?.used_by[0]?.served;

/** As if time had passed. */
const makeDue = () =>
  sql`WITH d AS (UPDATE viw.deployments SET proved_at = proved_at - interval '1 day')
    UPDATE viw.served_checks SET checked_at = checked_at - interval '1 day'`.execute(rig.db);

async function point(server: FleetServer, target: string): Promise<void> {
  const current = join(server.certDir, 'current');
  await unlink(current);
  await symlink(target, current);
  const [program, ...args] = server.nginx.reloadCommand;
  await runTool(program.split('/').at(-1) ?? '', args);
}

test('somebody puts another certificate into service: an alert says where, what and how; its end is told', async () => {
  const [server] = rig.servers;
  if (!server) throw new Error('no server');
  const { id, fingerprint } = await deployed(server);
  const alerts: AlertsBody[] = [];
  const look = watch({ alerts, of: server }, 3_600);
  await look.turn(endless);
  // It was proved a moment ago.
  expect(await servedOf(id)).toBeNull();
  await makeDue();
  await look.turn(endless);
  expect(await servedOf(id)).toMatchObject({ outcome: 'served', detail: null });
  expect(alerts).toEqual([]);

  await point(server, 'self-signed');
  const other = await eventually(async () => {
    // Workers of before the reload go on accepting for a moment.
    const looks = new Set<string>();
    for (let looked = 0; looked < 10; looked++) looks.add(await server.served());
    expect(looks.size).toBe(1);
    expect(looks).not.toContain(fingerprint);
    return [...looks][0] ?? '';
  });
  await makeDue();
  await look.turn(endless);
  expect(alerts).toEqual([
    expect.objectContaining({
      action: 'raised',
      severity: 'critical',
      dedupe_key: `certificate-drift:${server.virtualHostId}`,
      title: `Another certificate is served: ${server.site} on ${server.name}`,
      detail: expect.stringMatching(
        new RegExp(`shows ${other}; .*/current points at self-signed and no longer at versions/`),
      ) as string,
    }),
  ]);
  expect(await servedOf(id)).toMatchObject({ outcome: 'drifted' });

  // Deployed once more it is looked at without waiting for hours.
  await rig.runner('worker').run(await rig.deploy(id, {}), { signal: new AbortController().signal });
  await look.turn(endless);
  expect(await servedOf(id)).toMatchObject({ outcome: 'served' });
  expect(alerts.map(({ action }) => action)).toEqual(['raised', 'cleared']);
});

test('a server that cannot be asked is told of at the third look, and is no drift', async () => {
  const server = rig.servers[1];
  if (!server) throw new Error('no server');
  const { id } = await deployed(server);
  const alerts: AlertsBody[] = [];
  const look = watch({ alerts, of: server }, 3_600);
  await server.sshd.kill();
  for (let looks = 1; looks <= 3; looks++) {
    await makeDue();
    await look.turn(endless);
    expect(await servedOf(id)).toMatchObject({ outcome: 'unknown' });
    expect(alerts).toHaveLength(looks === 3 ? 1 : 0);
  }
  expect(alerts[0]).toMatchObject({
    action: 'raised',
    severity: 'warning',
    dedupe_key: `certificate-unchecked:${server.virtualHostId}`,
    detail: expect.stringContaining('cannot connect') as string,
  });
  await server.sshd.restart();
  await makeDue();
  await look.turn(endless);
  expect(
    alerts.slice(1).map(({ action, dedupe_key: key }) => `${action} ${key.split(':')[0] ?? ''}`),
  ).toEqual(['cleared certificate-drift', 'cleared certificate-unchecked']);
});

test('of two workers one looks; the other one goes on when it leaves', async () => {
  const server = rig.servers[2];
  if (!server) throw new Error('no server');
  const { id } = await deployed(server);
  const worker = (): ElectedTask => {
    const look = watch({ alerts: [] }, 1);
    return new ElectedTask(
      {
        name: 'watch',
        databaseUrl: rig.url,
        applicationName: 'test',
        key: advisoryLocks.servedWatch,
        everyMs: 50,
        standbyMs: 50,
        backoff: { baseMs: 10, capMs: 100 },
        failureEvent: 'failed',
      },
      { run: (end) => look.turn(end), logger: rig.logger },
    );
  };
  const [first, second] = [worker(), worker()];
  const holders = async (): Promise<number> => {
    const { rows } = await sql`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 7320 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`.execute(rig.db);
    return rows.length;
  };
  first.start();
  await eventually(async () => expect(await holders()).toBe(1));
  second.start();
  await makeDue();
  await eventually(async () => expect(await servedOf(id)).toMatchObject({ outcome: 'served' }));
  await first.stop();
  await eventually(async () => expect(await holders()).toBe(1));
  const before = (await servedOf(id))?.checked_at ?? '';
  await eventually(async () => expect((await servedOf(id))?.checked_at).not.toBe(before));
  await second.stop();
});
