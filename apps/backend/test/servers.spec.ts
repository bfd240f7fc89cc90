import { randomUUID } from 'node:crypto';
import type { Client } from '@viw/client';
import { certificateInstaller } from '@viw/contracts';
import { ServerProbeRepository } from '@viw/database';
import { openSshCredential, parseKeks, SecretBox } from '@viw/secrets';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  admin = await backend.signIn();
}, 60_000);

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

it('signs in by a key, a password or the agent, and by exactly one of them', async () => {
  const made = async (more: object) =>
    admin.sshCredentials.create({ name: randomUUID(), username: 'deploy', ...more });
  const { id } = await made({ password: 'pass words' });
  const { rows } = await sql<{ sealed: unknown; text: string }>`
      SELECT sealed, sealed::text AS text FROM viw.ssh_credentials WHERE id = ${id}`.execute(around.owner);
  expect(rows[0]?.text).not.toContain('pass words');
  const key = JSON.parse(around.environment['BACKEND_ENCRYPTION_KEY'] ?? '') as { id: string; key: string };
  const box = new SecretBox({ keys: parseKeks(`${key.id}:${key.key}`) });
  expect(openSshCredential(box, id, rows[0]?.sealed)).toEqual({ password: 'pass words' });
  await made({ agent: true });
  for (const wrong of [
    {},
    { password: 'x', agent: true },
    { password: 'x', passphrase: 'y' },
    { agent: false },
  ])
    await expect(made(wrong)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
});

it('a server is looked at by a cert-worker; one behind another keeps its way', async () => {
  const credential = await admin.sshCredentials.create({ name: randomUUID(), username: 'a', agent: true });
  const server = (more: object = {}) =>
    admin.servers.create({
      name: randomUUID(),
      host: '10.0.0.1',
      ssh_credential_id: credential.id,
      ...more,
    });
  const jump = await server();
  const { id, jump_server_id } = await server({ jump_server_id: jump.id });
  expect(jump_server_id).toBe(jump.id);
  await expect(server({ jump_server_id: randomUUID() })).rejects.toMatchObject({ code: 'NOT_FOUND' });

  await expect(admin.servers.newestProbe(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(admin.servers.probe(randomUUID())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await admin.servers.probe(id)).toMatchObject({ state: 'requested', result: null });
  const probes = new ServerProbeRepository({ db: around.owner });
  expect(await probes.take()).toBe(id);
  expect(await probes.take()).toBeUndefined();
  const result = { host_key: null, host_key_confirmed: false, nginx: null, error: null };
  await probes.finish(id, result);
  expect(await admin.servers.newestProbe(id)).toMatchObject({ state: 'done', result });
  // Asked for again: the newest answer stays to be seen.
  expect(await admin.servers.probe(id)).toMatchObject({ state: 'requested', result });
});

it('a server whose user is not root: what root has to put there', async () => {
  const credential = await admin.sshCredentials.create({
    name: randomUUID(),
    username: 'deploy',
    agent: true,
  });
  const more = { host: '10.0.0.1', ssh_credential_id: credential.id };
  const own = await admin.servers.create({ name: randomUUID(), ...more });
  expect(own.rights).toBe('own');
  const { id, rights } = await admin.servers.create({ name: randomUUID(), ...more, rights: 'sudo' });
  expect(rights).toBe('sudo');
  const { path, sha256, configuration } = certificateInstaller;
  expect(await admin.servers.sudoers(id)).toEqual({
    username: 'deploy',
    file: '/etc/sudoers.d/viw-cert-install',
    line: `deploy ALL=(root) NOPASSWD: sha256:${sha256} ${path} ""`,
    installer: { path, sha256 },
    configuration,
  });
  await expect(admin.servers.sudoers(randomUUID())).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
