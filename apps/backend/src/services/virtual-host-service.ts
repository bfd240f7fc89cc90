import { haproxySettings } from '@viw/contracts';
import type { Removed, SnippetJob, VirtualHost, virtualHostCreate, virtualHostPatch } from '@viw/contracts';
import type { Page } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { z } from 'zod';
import type { Repositories } from '../store';
import { askerOf } from './audit-trail';
import type { IdempotentWrites, WriteRequest } from './idempotent-writes';
import { assertIdle, forgetServed, forgetSnippet, leftOnServer } from './virtual-host-removal';

export interface VirtualHostServiceDeps {
  readonly repositories: Pick<Repositories, 'servers' | 'snippetJobs' | 'virtualHosts'>;
  readonly writes: IdempotentWrites;
}

/** What a server serves; every virtual host is looked for on its own server only. */
export class VirtualHostService {
  constructor(private readonly deps: VirtualHostServiceDeps) {}

  /** @throws AppError NOT_FOUND */
  async list(serverId: string): Promise<Page<VirtualHost>> {
    const { servers, virtualHosts } = this.deps.repositories;
    if (!(await servers.get(serverId))) throw new AppError('NOT_FOUND', 'No such server');
    return { items: await virtualHosts.listByServer(serverId), next_cursor: null };
  }

  /** @throws AppError NOT_FOUND */
  get(serverId: string, id: string): Promise<VirtualHost> {
    return onServer(this.deps.repositories, serverId, id);
  }

  /** @throws AppError NOT_FOUND, ALREADY_EXISTS, CONFLICT when the server's rights do not suffice */
  create(
    write: WriteRequest,
    serverId: string,
    input: z.output<typeof virtualHostCreate>,
  ): Promise<VirtualHost> {
    return this.deps.writes.perform(write, async (repositories) => {
      if (input.kind === 'command') await assertSudo(repositories, serverId);
      assertOneWebRoot(input);
      const host = await repositories.virtualHosts.create(serverId, {
        ...input,
        haproxy: input.kind === 'haproxy' ? (input.haproxy ?? haproxySettings.parse({})) : null,
        command: input.command ?? null,
      });
      return {
        answer: host,
        ...told('virtual_host.create', serverId, { virtual_host_id: host.id, ...input }),
      };
    });
  }

  /** @throws AppError NOT_FOUND, also for the certificate; CONFLICT for settings of another kind, and during a deployment */
  change(
    write: WriteRequest,
    serverId: string,
    id: string,
    changes: z.output<typeof virtualHostPatch>,
  ): Promise<VirtualHost> {
    return this.deps.writes.perform(write, async (repositories) => {
      const before = await onServer(repositories, serverId, id);
      assertOfKind(before, changes);
      const { web_root = before.web_root, snippet = before.snippet } = changes;
      // What was stored before there was this rule stays as it is until somebody changes it.
      if (changes.web_root !== undefined || changes.snippet !== undefined)
        assertOneWebRoot({ web_root, snippet });
      const other = changes.certificate_id !== undefined && changes.certificate_id !== before.certificate_id;
      if (other) await assertIdle(repositories, [before]);
      const host = await repositories.virtualHosts.change(serverId, id, changes);
      // What was found there was about the certificate of before.
      if (other) await forgetServed(repositories, [before], 'Another certificate is to be served');
      else if (before.snippet !== null && host.snippet === null)
        await forgetSnippet(repositories, before, 'There is no snippet any more');
      const certificates = other ? [before.certificate_id, host.certificate_id] : [];
      const done = told('virtual_host.change', serverId, { virtual_host_id: id, ...changes });
      return { answer: host, ...done, changes: [...done.changes, ...certificateChanges(certificates)] };
    });
  }

  /** @throws AppError NOT_FOUND; CONFLICT during a deployment */
  remove(write: WriteRequest, serverId: string, id: string): Promise<Removed> {
    return this.deps.writes.perform(write, async (repositories) => {
      const host = await onServer(repositories, serverId, id);
      await assertIdle(repositories, [host]);
      await forgetServed(repositories, [host], 'The virtual host is not viw’s any more');
      await repositories.virtualHosts.delete(id);
      const { cert_dir, server_names, certificate_id } = host;
      const done = told('virtual_host.delete', serverId, {
        virtual_host_id: id,
        cert_dir,
        server_names,
        certificate_id,
      });
      return {
        answer: { id, left_on_server: leftOnServer([host]) },
        ...done,
        changes: [...done.changes, ...certificateChanges([certificate_id])],
      };
    });
  }

  /** A cert-worker looks what would change, or changes it. @throws AppError NOT_FOUND; CONFLICT without a snippet, or while one is applied */
  order(
    write: WriteRequest,
    serverId: string,
    id: string,
    kind: SnippetJob['kind'],
    force = false,
  ): Promise<SnippetJob> {
    return this.deps.writes.perform(write, async (repositories) => {
      const { snippet } = await onServer(repositories, serverId, id);
      if (snippet === null)
        throw new AppError('CONFLICT', 'The virtual host has no snippet: give it one first');
      return {
        answer: await repositories.snippetJobs.request(id, kind, force, askerOf(write)),
        ...told(`virtual_host.${kind}`, serverId, { virtual_host_id: id, snippet, force }),
      };
    });
  }

  /** @throws AppError NOT_FOUND, also before anybody has asked */
  async newest(serverId: string, id: string): Promise<SnippetJob> {
    await this.get(serverId, id);
    const job = await this.deps.repositories.snippetJobs.get(id);
    if (!job) throw new AppError('NOT_FOUND', 'Nobody has asked for a preview yet');
    return job;
  }
}

async function onServer(
  { virtualHosts }: Pick<Repositories, 'virtualHosts'>,
  serverId: string,
  id: string,
): Promise<VirtualHost> {
  const host = await virtualHosts.get(id);
  if (host?.server_id !== serverId) throw new AppError('NOT_FOUND', 'The server has no such virtual host');
  return host;
}

async function assertSudo({ servers }: Pick<Repositories, 'servers'>, serverId: string): Promise<void> {
  const server = await servers.get(serverId);
  if (!server) throw new AppError('NOT_FOUND', 'No such server');
  if (server.rights !== 'sudo')
    throw new AppError(
      'CONFLICT',
      'A listed service takes a server whose rights are sudo: root lists it there',
    );
}

function assertOfKind({ kind }: VirtualHost, changes: z.output<typeof virtualHostPatch>): void {
  const foreign = [
    ...(changes.haproxy && kind !== 'haproxy' ? ['haproxy'] : []),
    ...(changes.command && kind !== 'command' ? ['command'] : []),
    ...(changes.snippet && kind !== 'nginx' ? ['snippet'] : []),
  ];
  if (foreign.length > 0)
    throw new AppError('CONFLICT', `${foreign.join(', ')}: not for a virtual host of kind ${kind}`);
}

/** Files of challenges are placed under the web root and answered from the snippet's: they are one. @throws AppError VALIDATION_FAILED */
function assertOneWebRoot({ web_root, snippet }: Pick<VirtualHost, 'web_root' | 'snippet'>): void {
  const http01 = snippet?.http01;
  if (http01?.from !== 'web_root') return;
  const { path } = http01;
  const msg =
    path === undefined && web_root === null
      ? 'the virtual host has no web_root: give it one, or a path here'
      : path !== undefined && web_root !== null && path !== web_root
        ? 'path is not the web_root of the virtual host: leave it out'
        : undefined;
  if (msg === undefined) return;
  const errors = [{ path: 'snippet.http01', msg }];
  throw new AppError('VALIDATION_FAILED', `snippet.http01: ${msg}`, { meta: { errors } });
}

const certificateChanges = (ids: readonly (string | null)[]) =>
  ids.filter((id) => id !== null).map((id) => ({ kind: 'certificate' as const, id }));

const told = (action: string, id: string, detail: Readonly<Record<string, unknown>>) => ({
  audit: { action, object: { kind: 'server', id }, detail },
  changes: [{ kind: 'server' as const, id }],
});
