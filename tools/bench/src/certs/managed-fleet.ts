import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CertificateRepository,
  ServerRepository,
  SshCredentialRepository,
  VirtualHostRepository,
} from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import { type SecretBox, sealSshCredential } from '@viw/secrets';
import {
  type Nginx,
  generateSshKeyPair,
  selfSign,
  servedCertificate,
  startNginx,
  startSshd,
} from '@viw/testing';
import type { World } from '../world';

/** A certificate that is issued and not yet deployed, for one virtual host of its own. */
export interface Deployable {
  readonly certificateId: string;
  readonly fingerprint: string;
  /** Lower-case hex SHA-256 of the leaf that clients see now. */
  readonly served: () => Promise<string>;
}

export interface ManagedFleet {
  readonly deployables: readonly Deployable[];
  readonly nginxes: readonly Nginx[];
}

const hex = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase();

/** Real pairs of sshd and nginx, registered, with certificates made without a CA. Ended with the world. */
export async function startManagedFleet(
  { servers, certificates }: { readonly servers: number; readonly certificates: number },
  { world, box }: { readonly world: World; readonly box: SecretBox },
): Promise<ManagedFleet> {
  const { db } = world;
  const key = await generateSshKeyPair();
  const sites = Array.from({ length: certificates }, (_, index) => `c${index}.bench.example`);
  const credentialId = uuidv7();
  const registered: { readonly id: string; readonly nginx: Nginx }[] = [];
  for (let server = 0; server < servers; server++) {
    const own = sites.filter((_site, index) => index % servers === server);
    const sshd = await startSshd({ authorizedKeys: [key.publicKey] });
    world.undo.push(() => sshd.stop());
    const nginx = await startNginx({ sites: own.map((site) => ({ names: [site] })) });
    world.undo.push(() => nginx.stop());
    if (server === 0)
      await new SshCredentialRepository({ db }).create({
        id: credentialId,
        name: 'bench',
        username: sshd.user,
        sealed: sealSshCredential(box, credentialId, { privateKey: key.privateKey }),
      });
    const { id } = await new ServerRepository({ db }).create({
      name: `server ${server}`,
      host: sshd.host,
      ssh_port: sshd.port,
      ssh_credential_id: credentialId,
      host_key_fingerprint: sshd.hostKeyFingerprint,
      test_command: [...nginx.testCommand],
      reload_command: [...nginx.reloadCommand],
    });
    registered.push({ id, nginx });
  }
  const folder = join(world.dir, 'certificates');
  await mkdir(folder);
  const deployables: Deployable[] = [];
  for (const [index, site] of sites.entries()) {
    const server = registered[index % servers];
    if (server) deployables.push(await deployable(site, join(folder, site), server, { world, box }));
  }
  return { deployables, nginxes: registered.map(({ nginx }) => nginx) };
}

async function deployable(
  site: string,
  certFile: string,
  { id: serverId, nginx }: { readonly id: string; readonly nginx: Nginx },
  { world: { db }, box }: { readonly world: World; readonly box: SecretBox },
): Promise<Deployable> {
  await selfSign({ names: [site], certFile, keyFile: `${certFile}.key` });
  const certPem = await readFile(certFile, 'utf8');
  const leaf = new X509Certificate(certPem);
  const certificateId = await new CertificateRepository({ db }).create({
    names: [site],
    issuer: 'acme',
    challenge: 'http-01',
    key_type: 'ec-p256',
    created_by: 'bench',
  });
  const versionId = uuidv7();
  const fingerprint = hex(leaf.fingerprint256);
  const sealed = box.seal(await readFile(`${certFile}.key`, 'utf8'), {
    purpose: 'certificate-version.private-key',
    id: versionId,
  });
  await db
    .insertInto('certificate_versions')
    .values({
      id: versionId,
      certificate_id: certificateId,
      operation_id: null,
      cert_pem: certPem,
      chain_pem: '',
      private_key_sealed: JSON.stringify(sealed),
      serial: leaf.serialNumber,
      fingerprint_sha256: fingerprint,
      issuer: 'bench',
      names: [site],
      not_before: new Date(leaf.validFrom).toISOString(),
      not_after: new Date(leaf.validTo).toISOString(),
    })
    .execute();
  await db
    .updateTable('certificates')
    .set({ current_version_id: versionId, state: 'active' })
    .where('id', '=', certificateId)
    .execute();
  const virtualHosts = new VirtualHostRepository({ db });
  const host = await virtualHosts.create(serverId, {
    server_names: [site],
    cert_dir: nginx.certDir(site),
    listeners: [{ host: '127.0.0.1', port: nginx.httpsPort }],
  });
  await virtualHosts.assignCertificate([host.id], certificateId);
  const served = async (): Promise<string> =>
    hex((await servedCertificate({ port: nginx.httpsPort, servername: site })).fingerprint256);
  return { certificateId, fingerprint, served };
}
