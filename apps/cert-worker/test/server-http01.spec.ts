import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateRepository, VirtualHostRepository } from '@viw/database';
import { eventually, startPebble, type Pebble } from '@viw/testing';
import { sql } from 'kysely';
import { startRig, type Rig } from './rig';

const site = 'www.server.example';
let rig: Rig;
let pebble: Pebble;
let worker: Awaited<ReturnType<Rig['startWorker']>>;
let challenges: string;

beforeAll(async () => {
  rig = await startRig([site]);
  // Validations arrive at the managed server's own NGINX.
  pebble = await startPebble({ httpPort: rig.nginx.httpPort, strict: true });
  worker = await rig.startWorker({
    CERT_WORKER_ACME_DIRECTORY_URL: pebble.directoryUrl,
    CERT_WORKER_ACME_CA: pebble.caCertPem,
    CERT_WORKER_SCHEDULE_EVERY_MS: '600000',
  });
  challenges = join(rig.nginx.webroot, '.well-known/acme-challenge');
}, 60_000);
afterAll(async () => {
  await worker?.stop();
  await pebble?.stop();
  await rig?.stop();
});

async function certificate(names: string[], serverNames: string[], webRoot: string | null): Promise<string> {
  const { server_id } = await rig.virtualHost(site);
  const host = await new VirtualHostRepository({ db: rig.db }).create(server_id, {
    server_names: serverNames,
    cert_dir: `${rig.nginx.certDir(site)}`.concat(`-${names[0]}`),
    listeners: [{ host: '127.0.0.1', port: rig.nginx.httpsPort }],
    web_root: webRoot,
  });
  const id = await new CertificateRepository({ db: rig.db }).create({
    names,
    issuer: 'acme',
    challenge: 'http-01',
    http_via: 'server',
    key_type: 'ec-p256',
    created_by: 'test',
  });
  await new VirtualHostRepository({ db: rig.db }).assignCertificate([host.id], id);
  return id;
}

const version = async (id: string) => (await rig.certificateOf(id)).current_version;
const files = async () => (await sql`SELECT 1 FROM viw.challenge_files`.execute(rig.db)).rows;

test('names are proved by files under the web root, by SSH and NGINX, and nothing is left', async () => {
  const names = [site, 'a.server.example', 'b.server.example'];
  await rm(join(rig.nginx.webroot, '.well-known'), { recursive: true });
  const id = await certificate(names, [site, '*.server.example'], rig.nginx.webroot);
  await rig.ended(await rig.request(id, 'issue'));
  expect((await version(id))?.names.toSorted()).toEqual(names.toSorted());
  expect(await readdir(challenges)).toEqual([]);
  const { rows } = await sql<{
    action: string;
    actor_id: string;
  }>`SELECT DISTINCT action, actor_id FROM viw.audit_log
    WHERE action LIKE 'challenge_file.%' ORDER BY 1`.execute(rig.db);
  expect(rows).toEqual([
    { action: 'challenge_file.place', actor_id: 'test' },
    { action: 'challenge_file.remove', actor_id: 'cert-worker' },
  ]);
  expect(await files()).toEqual([]);
});

test('a file that a worker that died has left goes with the next look, and no other', async () => {
  const { server_id } = await rig.virtualHost(site);
  const token = 'left-over-token-0123456789';
  await writeFile(join(challenges, token), `${token}.thumbprint`);
  await writeFile(join(challenges, 'of-somebody-else'), 'x');
  await sql`INSERT INTO viw.challenge_files (server_id, web_root, token, expires_at)
    VALUES (${server_id}, ${rig.nginx.webroot}, ${token}, now())`.execute(rig.db);
  await eventually(async () => expect(await files()).toEqual([]), { timeoutMs: 40_000 });
  expect(await readdir(challenges)).toEqual(['of-somebody-else']);
  await rm(join(challenges, 'of-somebody-else'));
});

test.each([
  [
    'a virtual host without a web root',
    'none.server.example',
    () => null,
    /none of the certificate's virtual hosts/,
  ],
  ['a web root that is not there', 'gone.server.example', () => '/nowhere/viw-www', /there is no web root/],
  ['a web root with .. in it', 'dots.server.example', () => '/var/../etc', /no plain absolute path/],
])('refused in words: %s', async (_, name, webRoot, words) => {
  const id = await certificate([name], [name], webRoot());
  const { error } = await rig.ended(await rig.request(id, 'issue'));
  expect(error?.msg).toMatch(words);
  expect(await readdir(challenges)).toEqual([]);
});

test('a link in the web root leads nowhere', async () => {
  const root = join(rig.nginx.prefix, 'linked');
  const elsewhere = join(rig.nginx.prefix, 'elsewhere');
  await mkdir(join(root, '.well-known'), { recursive: true });
  await mkdir(elsewhere);
  await symlink(elsewhere, join(root, '.well-known/acme-challenge'));
  const id = await certificate(['link.server.example'], ['link.server.example'], root);
  const { error } = await rig.ended(await rig.request(id, 'issue'));
  expect(error?.msg).toMatch(/acme-challenge.* is a symlink, not a directory/);
  expect(await readdir(elsewhere)).toEqual([]);
});
