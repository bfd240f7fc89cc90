import { ServerProbeRepository, ServerRepository } from '@viw/database';
import { sql } from 'kysely';
import { ServerProbes } from '../src/deploy/server-probes';
import { startFleetRig, type FleetRig, type FleetServer } from './fleet-rig';

let rig: FleetRig;
beforeAll(async () => {
  rig = await startFleetRig({ servers: 3, instances: 3 });
}, 60_000);
afterAll(() => rig.stop(), 60_000);

async function probed(server: FleetServer) {
  const asked = new ServerProbeRepository({ db: rig.db });
  await asked.request(server.id, {
    by: { kind: 'administrator', id: '1', name: 'a@example.org' },
  });
  const probes = new ServerProbes({
    ...rig.store,
    box: rig.box,
    pool: rig.pool,
    changes: { announce: () => undefined },
  });
  await probes.runAll(new AbortController().signal);
  const found = await asked.get(server.id);
  expect(found?.state).toBe('done');
  return found?.result;
}

const signIns = (server: FleetServer): number =>
  server.sshd.program.output().split('Accepted publickey').length;
const pin = (server: FleetServer, fingerprint: string | null) =>
  sql`UPDATE viw.nginx_servers SET host_key_fingerprint = ${fingerprint} WHERE id = ${server.id}`.execute(
    rig.db,
  );

test('before the host key is confirmed: shows it, and nobody signs in; then NGINX and what it serves', async () => {
  const [server] = rig.servers;
  if (!server) throw new Error('no server');
  const offered = { fingerprint: server.sshd.hostKeyFingerprint, key_type: 'ssh-ed25519' };
  const before = signIns(server);
  for (const pinned of [null, `SHA256:${'A'.repeat(43)}`]) {
    await pin(server, pinned);
    expect(await probed(server)).toEqual({
      host_key: offered,
      host_key_confirmed: false,
      nginx: null,
      error: null,
    });
  }
  expect(signIns(server)).toBe(before);

  await pin(server, offered.fingerprint);
  expect(await probed(server)).toMatchObject({
    host_key_confirmed: true,
    error: null,
    nginx: {
      version: expect.stringMatching(/^nginx\/\d/) as string,
      configuration: 'valid',
      virtual_hosts: [
        { server_names: ['_'], listens: [{ address: '127.0.0.1', port: server.nginx.httpPort, tls: false }] },
        {
          server_names: [server.site],
          listens: [{ address: '127.0.0.1', port: server.nginx.httpsPort, tls: true }],
          certificates: [`${server.certDir}/current/fullchain.pem`],
        },
      ],
    },
  });

  await server.nginx.writeConf('zz.conf', 'no such directive;\n');
  expect(await probed(server)).toMatchObject({
    nginx: {
      configuration: 'broken',
      output: expect.stringContaining('unknown directive "no"') as string,
      virtual_hosts: [],
    },
  });
});

test('through a jump server, and with what is missing told as an error', async () => {
  const [, jump, inner] = rig.servers;
  if (!jump || !inner) throw new Error('no server');
  await sql`UPDATE viw.nginx_servers SET jump_server_id = ${jump.id} WHERE id = ${inner.id}`.execute(rig.db);
  expect((await new ServerRepository({ db: rig.db }).get(inner.id))?.jump_server_id).toBe(jump.id);
  const before = signIns(jump);
  expect(await probed(inner)).toMatchObject({
    host_key_confirmed: true,
    nginx: { configuration: 'valid' },
    error: null,
  });
  expect(signIns(jump)).toBe(before + 1);

  await pin(jump, null);
  expect(await probed(inner)).toMatchObject({
    host_key: null,
    nginx: null,
    error: { code: 'DEPLOY_REFUSED' },
  });
  await inner.sshd.kill();
  await sql`UPDATE viw.nginx_servers SET jump_server_id = NULL WHERE id = ${inner.id}`.execute(rig.db);
  expect(await probed(inner)).toMatchObject({
    host_key: null,
    error: { code: 'SSH_FAILED', msg: expect.stringContaining('cannot connect') as string },
  });
});
