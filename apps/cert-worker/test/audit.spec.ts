import { randomUUID } from 'node:crypto';
import {
  OperationRepository,
  ServerProbeRepository,
  SnippetJobRepository,
  VirtualHostRepository,
} from '@viw/database';
import { certRequestsStream } from '@viw/contracts';
import type { OperationKind } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { startRig, type Rig } from './rig';

const site = 'audited.example';
const eve = { kind: 'administrator', id: '7', name: 'eve@example.org' };
const scheduler = { kind: 'system', id: 'scheduler', name: 'scheduler' };
const correlationId = randomUUID();

let rig: Rig;
let worker: Awaited<ReturnType<Rig['startWorker']>>;
let host: Awaited<ReturnType<Rig['virtualHost']>>;
let certificate: string;

beforeAll(async () => {
  rig = await startRig([site]);
  worker = await rig.startWorker({ CERT_WORKER_SCHEDULE_EVERY_MS: '600000' });
  host = await rig.virtualHost(site);
  certificate = await rig.certificate([site], [host.id]);
}, 60_000);
afterAll(async () => {
  await worker?.stop();
  await rig?.stop();
}, 60_000);

interface Line {
  readonly actor: string;
  readonly correlation_id: string | null;
  readonly line: string;
  readonly object_id: string;
  readonly detail: Record<string, unknown>;
}
const lines = async (): Promise<Line[]> => {
  const { rows } =
    await sql<Line>`SELECT actor_id AS actor, correlation_id, action || ' ' || outcome AS line, object_id, detail
    FROM viw.audit_log ORDER BY id`.execute(rig.db);
  return rows;
};
const of = (operation: string) => async (): Promise<Line[]> =>
  (await lines()).filter(({ detail }) => detail['operation_id'] === operation);

async function ordered(kind: OperationKind, by = eve, times = 1): Promise<string> {
  const id = await new OperationRepository({ db: rig.db }).create({
    certificate_id: certificate,
    kind,
    parameters: kind === 'revoke' ? { reason: 'cessationOfOperation' } : {},
    issued_by: by,
    correlation_id: by === eve ? correlationId : undefined,
  });
  for (let time = 0; time < times; time++)
    await rig.producer.publish(certRequestsStream, { operation_id: id, certificate_id: certificate, kind });
  await rig.ended(id);
  return id;
}

test('begin and end of an operation and of each server stand there once, for whoever asked, with the correlation id', async () => {
  const id = await ordered('issue', eve, 3);
  const written = await of(id)();
  expect(written.map(({ line }) => line)).toEqual([
    'certificate.issue.begun success',
    'certificate.deploy_to_server success',
    'certificate.issue.ended success',
  ]);
  expect(written.map(({ object_id }) => object_id)).toEqual([certificate, host.id, certificate]);
  for (const line of written) expect(line).toMatchObject({ actor: '7', correlation_id: correlationId });
  expect(written[1]?.detail).toMatchObject({ certificate_id: certificate, server_id: host.server_id });

  const renewal = await ordered('renew', scheduler);
  for (const line of await of(renewal)())
    expect(line).toMatchObject({ actor: 'scheduler', correlation_id: null });
});

test('a failure tells its code and that the server was rolled back', async () => {
  const reload = await rig.db
    .selectFrom('nginx_servers')
    .select('reload_command')
    .where('id', '=', host.server_id)
    .executeTakeFirstOrThrow();
  const reloadBy = (command: readonly string[]) =>
    sql`UPDATE viw.nginx_servers SET reload_command = ${JSON.stringify(command)}::jsonb WHERE id = ${host.server_id}`.execute(
      rig.db,
    );
  await reloadBy(['false']);
  const id = await ordered('renew');
  await reloadBy(reload.reload_command);
  const written = await of(id)();
  expect(written.map(({ line }) => line.replace(/(roll_back_server) \w+/, '$1'))).toEqual([
    'certificate.renew.begun success',
    'certificate.deploy_to_server failure',
    'certificate.roll_back_server',
    'certificate.renew.ended failure',
  ]);
  expect(written.at(-1)?.detail).toMatchObject({ error_code: expect.stringMatching(/^[A-Z_]+$/) as string });
});

test('a revocation, a look at a server and a snippet too; nothing secret and no key in any line', async () => {
  const id = await ordered('revoke');
  expect((await rig.operation(id))?.error).toBeNull();
  expect((await of(id)()).map(({ line }) => line)).toContain('certificate.revoke.ended success');

  await new ServerProbeRepository({ db: rig.db }).request(host.server_id, {
    by: eve,
    correlation_id: correlationId,
  });
  await new VirtualHostRepository({ db: rig.db }).change(host.server_id, host.id, {
    snippet: {
      tls: 'modern',
      hsts: { max_age_s: 300, include_subdomains: false, preload: false },
      http01: null,
    },
  });
  await new SnippetJobRepository({ db: rig.db }).request(host.id, 'apply', false, { by: eve });
  const all = await eventually(async () => {
    const found = await lines();
    expect(found.map(({ line }) => line)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^virtual_host\.apply\.ended /),
        'server.probe.ended success',
      ]),
    );
    return found;
  });
  expect(all.find(({ line }) => line.startsWith('server.probe'))).toMatchObject({
    actor: '7',
    correlation_id: correlationId,
    object_id: host.server_id,
  });
  const text = JSON.stringify(all);
  for (const secret of [...rig.secrets, 'PRIVATE KEY', 'BEGIN CERT']) expect(text).not.toContain(secret);
});
