import { certificateInstaller, sudoersLine } from '@viw/contracts';
import type {
  Removed,
  Server,
  ServerProbe,
  ServerSudoers,
  serverCreate,
  serverPatch,
  SshCredential,
  sshCredentialCreate,
  VirtualHost,
} from '@viw/contracts';
import type { ListOptions, Page, Scoped } from '@viw/database';
import { AppError, uuidv7 } from '@viw/runtime';
import { sealSshCredential } from '@viw/secrets';
import type { SecretBox, SshCredentialSecret } from '@viw/secrets';
import type { z } from 'zod';
import type { Repositories } from '../store';
import { assertPrivateKey } from './private-key-text';
import { askerOf } from './audit-trail';
import type { WriteRequest, IdempotentWrites } from './idempotent-writes';
import { assertIdle, forgetServed, leftOnServer } from './virtual-host-removal';

export interface ServerServiceDeps {
  readonly repositories: Pick<Repositories, 'servers' | 'serverProbes' | 'sshCredentials'>;
  readonly writes: IdempotentWrites;
  readonly secretBox: SecretBox;
}

/** Managed servers and how to reach them. */
export class ServerService {
  constructor(private readonly deps: ServerServiceDeps) {}

  list(options: ListOptions & Scoped): Promise<Page<Server>> {
    return this.deps.repositories.servers.list(options);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<Server> {
    const server = await this.deps.repositories.servers.get(id);
    if (!server) throw new AppError('NOT_FOUND', 'No such server');
    return server;
  }

  create(write: WriteRequest, input: z.output<typeof serverCreate>): Promise<Server> {
    const { host_key_fingerprint: fingerprint = null, ...wanted } = input;
    return this.deps.writes.perform(write, async ({ servers }) => {
      const server = await servers.create({ ...wanted, host_key_fingerprint: fingerprint });
      return { answer: server, ...told('server.create', server.id, { ...input }) };
    });
  }

  /**
   * The pinned host key stays: what has another one is refused until somebody confirms it.
   * @throws AppError NOT_FOUND, also for the credential; ALREADY_EXISTS; CONFLICT when a virtual host needs root's installer
   */
  change(write: WriteRequest, id: string, changes: z.output<typeof serverPatch>): Promise<Server> {
    return this.deps.writes.perform(write, async ({ servers, virtualHosts }) => {
      const server = await servers.change(id, changes);
      const listed = (await virtualHosts.listByServer(id)).filter(({ kind }) => kind === 'command');
      if (server.rights !== 'sudo' && listed.length > 0)
        throw new AppError('CONFLICT', 'Services that root has listed there take the rights sudo');
      return { answer: server, ...told('server.change', id, { ...changes }) };
    });
  }

  /**
   * With its virtual hosts. Nothing on the server is touched.
   * @throws AppError NOT_FOUND; FORBIDDEN where a certificate outside the caller's scope would lose its server; CONFLICT
   *   while others are reached through it, while it is worked on, and while certificates deploy to it without `force`
   */
  remove(write: WriteRequest, id: string, force: boolean): Promise<Removed> {
    return this.deps.writes.perform(write, async (repositories) => {
      const { servers, virtualHosts, scopes } = repositories;
      const server = await servers.get(id);
      if (!server) throw new AppError('NOT_FOUND', 'No such server');
      const hosts = await virtualHosts.listByServer(id);
      const { scope } = write.caller;
      const named = hosts.map((host) => ({ kind: 'virtual_host' as const, id: host.id }));
      if (scope !== undefined && !(await scopes.holdAll(scope, named)))
        throw new AppError('FORBIDDEN', 'It serves certificates that lie outside your scope');
      const through = await servers.reachedThrough(id);
      if (through.length > 0)
        throw new AppError('CONFLICT', `Other servers are reached through it: ${through.join(', ')}`);
      const deployed = hosts.filter(({ certificate_id }) => certificate_id !== null);
      if (deployed.length > 0 && !force) throw deployedTo(deployed);
      await assertIdle(repositories, hosts);
      await forgetServed(repositories, hosts, 'The server is not viw’s any more');
      for (const host of hosts) await virtualHosts.delete(host.id);
      await servers.delete(id);
      const { name, host } = server;
      const done = told('server.delete', id, { name, host, force, virtual_hosts: hosts });
      return {
        answer: { id, left_on_server: leftOnServer(hosts) },
        ...done,
        changes: [
          ...done.changes,
          ...deployed.map(({ certificate_id }) => ({
            kind: 'certificate' as const,
            id: certificate_id ?? '',
          })),
        ],
      };
    });
  }

  /** @throws AppError NOT_FOUND */
  pinHostKey(write: WriteRequest, id: string, fingerprint: string): Promise<Server> {
    return this.deps.writes.perform(write, async ({ servers }) => {
      const before = (await servers.get(id))?.host_key_fingerprint ?? null;
      const server = await servers.pinHostKey(id, fingerprint);
      return { answer: server, ...told('server.pin_host_key', id, { before, fingerprint }) };
    });
  }

  /** A cert-worker looks at the server; the answer is the look's state, to be asked for again. @throws AppError NOT_FOUND */
  probe(write: WriteRequest, id: string): Promise<ServerProbe> {
    return this.deps.writes.perform(write, async ({ serverProbes }) => ({
      answer: await serverProbes.request(id, askerOf(write)),
      ...told('server.probe', id, {}),
    }));
  }

  /** @throws AppError NOT_FOUND, also before the first look */
  async newestProbe(id: string): Promise<ServerProbe> {
    const probe = await this.deps.repositories.serverProbes.get(id);
    if (!probe) throw new AppError('NOT_FOUND', 'Nobody has asked about this server yet');
    return probe;
  }

  /** For the user who signs in there. @throws AppError NOT_FOUND */
  async sudoers(id: string): Promise<ServerSudoers> {
    const { ssh_credential_id } = await this.get(id);
    const credential = await this.deps.repositories.sshCredentials.get(ssh_credential_id);
    if (!credential) throw new AppError('NOT_FOUND', 'The SSH credential of the server is gone');
    const { path, sha256, configuration, sudoersFile } = certificateInstaller;
    const installer = { path, sha256 };
    const line = sudoersLine(credential.username, installer);
    return { username: credential.username, file: sudoersFile, line, installer, configuration };
  }

  credentials(options: ListOptions & Scoped): Promise<Page<SshCredential>> {
    return this.deps.repositories.sshCredentials.list(options);
  }

  /** @throws AppError NOT_FOUND */
  async credential(id: string): Promise<SshCredential> {
    const credential = await this.deps.repositories.sshCredentials.get(id);
    if (!credential) throw new AppError('NOT_FOUND', 'No such SSH credential');
    return credential;
  }

  /** @throws AppError NOT_FOUND; CONFLICT while servers use it, which are named */
  async removeCredential(write: WriteRequest, id: string): Promise<void> {
    await this.deps.writes.perform(write, async ({ sshCredentials }) => {
      const users = await sshCredentials.users(id);
      if (users.length > 0) throw new AppError('CONFLICT', `Servers sign in with it: ${users.join(', ')}`);
      if (!(await sshCredentials.delete(id))) throw new AppError('NOT_FOUND', 'No such SSH credential');
      const audit = { action: 'ssh_credential.delete', object: { kind: 'ssh_credential', id }, detail: {} };
      return { answer: null, audit };
    });
  }

  /** The secret is sealed before it reaches the database, and nothing here can open it again by the API. */
  createCredential(write: WriteRequest, input: z.output<typeof sshCredentialCreate>): Promise<SshCredential> {
    const { name, username } = input;
    const id = uuidv7();
    const sealed = sealSshCredential(this.deps.secretBox, id, secretOf(input));
    return this.deps.writes.perform(write, async ({ sshCredentials }) => ({
      answer: await sshCredentials.create({ id, name, username, sealed }),
      audit: {
        action: 'ssh_credential.create',
        object: { kind: 'ssh_credential', id },
        detail: { name, username },
      },
    }));
  }
}

/** @throws AppError VALIDATION_FAILED for a text that is no private key */
function secretOf({
  private_key: privateKey,
  passphrase,
  password,
}: z.output<typeof sshCredentialCreate>): SshCredentialSecret {
  if (password !== undefined) return { password };
  if (privateKey === undefined) return { agent: true };
  assertPrivateKey(privateKey, passphrase);
  return { privateKey, passphrase };
}

/** Which, and what there is to do. */
function deployedTo(hosts: readonly VirtualHost[]): AppError {
  const shown = hosts
    .slice(0, 20)
    .map(({ server_names: [name], certificate_id: id }) => `${name} (certificate ${id})`);
  const more = hosts.length > shown.length ? ` and ${hosts.length - shown.length} more` : '';
  return new AppError(
    'CONFLICT',
    `Certificates are deployed to it: ${shown.join(', ')}${more}; force deletes it all the same`,
    {
      meta: { certificate_ids: [...new Set(hosts.map(({ certificate_id }) => certificate_id ?? ''))] },
    },
  );
}

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: { action, object: { kind: 'server', id }, detail },
  changes: [{ kind: 'server' as const, id }],
});
