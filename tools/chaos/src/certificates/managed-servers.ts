import { spawnSync } from 'node:child_process';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Db, ServerRepository, SshCredentialRepository, VirtualHostRepository } from '@viw/database';
import { uuidv7 } from '@viw/runtime';
import { type SecretBox, sealSshCredential } from '@viw/secrets';
import { type Nginx, generateSshKeyPair, runTool, runsAsRoot, startNginx, startSshd } from '@viw/testing';
import { type Undo, started } from '../world/undo';
import type { Job, ServerFault } from './jobs';

/** A virtual host that is to serve a certificate. */
export interface ManagedHost {
  readonly site: string;
  readonly virtualHostId: string;
  readonly certDir: string;
  readonly nginx: Nginx;
}

export interface ManagedServers {
  readonly hosts: ReadonlyMap<string, ManagedHost>;
  readonly nginxes: readonly Nginx[];
}

/** In containers root may be forbidden to mount. */
export const canFillDisks = (): boolean =>
  runsAsRoot() &&
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' }).status === 0;

/** Real pairs of sshd and NGINX with a virtual host for each job, registered as an administrator does. */
export async function startManagedServers(
  jobs: readonly Job[],
  { db, box, undo }: { readonly db: Db; readonly box: SecretBox; readonly undo: Undo },
): Promise<ManagedServers> {
  const key = await generateSshKeyPair();
  const credentialId = uuidv7();
  const hosts = new Map<string, ManagedHost>();
  const numbers = [...new Set(jobs.map(({ server }) => server))].sort((a, b) => a - b);
  const machines = await Promise.all(
    numbers.map(async (number) => {
      const own = jobs.filter(({ server }) => server === number);
      const sshd = await started(startSshd({ authorizedKeys: [key.publicKey] }), undo);
      const sites = own.map(({ site }) => ({ names: [site] }));
      return { number, own, sshd, nginx: await started(startNginx({ sites }), undo) };
    }),
  );
  await new SshCredentialRepository({ db }).create({
    id: credentialId,
    name: 'chaos',
    username: machines[0]?.sshd.user ?? '',
    sealed: sealSshCredential(box, credentialId, { privateKey: key.privateKey }),
  });
  const virtualHosts = new VirtualHostRepository({ db });
  for (const { number, own, sshd, nginx } of machines) {
    const register = (name: string, reload: readonly string[]) =>
      new ServerRepository({ db }).create({
        name,
        host: sshd.host,
        ssh_port: sshd.port,
        ssh_credential_id: credentialId,
        host_key_fingerprint: sshd.hostKeyFingerprint,
        test_command: [...nginx.testCommand],
        reload_command: [...reload],
      });
    const sound = await register(`server ${number}`, nginx.reloadCommand);
    const deaf = await register(`server ${number}, which reloads nothing`, ['true']);
    for (const { site, fault } of own) {
      const certDir = nginx.certDir(site);
      const server = fault === 'reload keeps the old' ? deaf : sound;
      const { id } = await virtualHosts.create(server.id, {
        server_names: [site],
        cert_dir: certDir,
        listeners: [{ host: '127.0.0.1', port: nginx.httpsPort }],
      });
      hosts.set(site, { site, virtualHostId: id, certDir, nginx });
    }
  }
  return { hosts, nginxes: machines.map(({ nginx }) => nginx) };
}

/** What is wrong with a server is so from now on; `undo` gets what has to be taken away at the end. */
export async function breakServer(fault: ServerFault, host: ManagedHost, undo: Undo): Promise<void> {
  switch (fault) {
    case 'disk full': {
      const versions = join(host.certDir, 'versions');
      await mkdir(versions);
      await chmod(versions, 0o700);
      // One page: room for a certificate, and none for its key.
      await runTool('mount', ['-t', 'tmpfs', '-o', 'size=4k,mode=0700', 'none', versions]);
      undo.push(() => runTool('umount', [versions]));
      return;
    }
    case 'broken configuration': {
      await host.nginx.writeConf('zz-inherited.conf', 'no such directive;\n');
      undo.push(() => rm(join(host.nginx.prefix, 'conf.d', 'zz-inherited.conf')));
      return;
    }
    case 'reload keeps the old':
      return; // Registered so.
  }
}
