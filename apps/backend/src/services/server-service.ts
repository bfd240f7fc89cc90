import { certificateInstaller, sudoersLine } from '@viw/contracts';
import type {
  Server,
  ServerProbe,
  ServerSudoers,
  serverCreate,
  SshCredential,
  sshCredentialCreate,
  VirtualHost,
  virtualHostCreate,
} from '@viw/contracts';
import type { ListOptions, Page, Scoped } from '@viw/database';
import { AppError, uuidv7 } from '@viw/runtime';
import { sealSshCredential } from '@viw/secrets';
import type { SecretBox, SshCredentialSecret } from '@viw/secrets';
import type { z } from 'zod';
import type { Repositories } from '../store';
import { assertPrivateKey } from './private-key-text';
import type { WriteRequest, IdempotentWrites } from './idempotent-writes';

export interface ServerServiceDeps {
  readonly repositories: Pick<Repositories, 'servers' | 'serverProbes' | 'virtualHosts' | 'sshCredentials'>;
  readonly writes: IdempotentWrites;
  readonly secretBox: SecretBox;
}

/** NGINX servers, how to reach them, and what they serve. */
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
      answer: await serverProbes.request(id),
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

  async virtualHosts(serverId: string): Promise<Page<VirtualHost>> {
    await this.get(serverId);
    return { items: await this.deps.repositories.virtualHosts.listByServer(serverId), next_cursor: null };
  }

  createVirtualHost(
    write: WriteRequest,
    serverId: string,
    input: z.output<typeof virtualHostCreate>,
  ): Promise<VirtualHost> {
    return this.deps.writes.perform(write, async ({ virtualHosts }) => {
      const host = await virtualHosts.create(serverId, input);
      return {
        answer: host,
        ...told('virtual_host.create', serverId, { virtual_host_id: host.id, ...input }),
      };
    });
  }

  credentials(options: ListOptions & Scoped): Promise<Page<SshCredential>> {
    return this.deps.repositories.sshCredentials.list(options);
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

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: { action, object: { kind: 'server', id }, detail },
  changes: [{ kind: 'server' as const, id }],
});
