import type { Server, VirtualHost } from '@viw/contracts';
import { AppError, isUuid, uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { isForeignKeyViolation, isUniqueViolation } from '../../sql-state';
import type { RepositoryDeps } from '../repository';

/** A virtual host with all that a deployment needs to know of its server. */
export interface DeployTarget extends VirtualHost {
  server: Omit<Server, 'created_at'>;
}

const shown = [
  'id',
  'server_id',
  'server_names',
  'cert_dir',
  'web_root',
  'listeners',
  'certificate_id',
  'kind',
  'haproxy',
  'command',
  'snippet',
] as const;

type Settings = 'web_root' | 'kind' | 'haproxy' | 'command' | 'snippet';
export type NewVirtualHost = Omit<VirtualHost, 'id' | 'server_id' | 'certificate_id' | Settings> &
  Partial<Pick<VirtualHost, Settings>>;

type Changeable =
  'server_names' | 'web_root' | 'listeners' | 'certificate_id' | 'haproxy' | 'command' | 'snippet';
/** What is undefined stays. */
export type VirtualHostChanges = { readonly [K in Changeable]?: VirtualHost[K] | undefined };

const json = (value: object | null | undefined): string | null => (value ? JSON.stringify(value) : null);

export class VirtualHostRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @throws AppError ALREADY_EXISTS when the server has one with this directory, NOT_FOUND without such a server */
  async create(serverId: string, input: NewVirtualHost): Promise<VirtualHost> {
    if (!isUuid(serverId)) throw new AppError('NOT_FOUND', 'No such server');
    try {
      return await this.deps.db
        .insertInto('virtual_hosts')
        .values({
          id: uuidv7(),
          server_id: serverId,
          server_names: input.server_names,
          cert_dir: input.cert_dir,
          web_root: input.web_root ?? null,
          listeners: JSON.stringify(input.listeners),
          certificate_id: null,
          kind: input.kind ?? 'nginx',
          haproxy: json(input.haproxy),
          command: json(input.command),
          snippet: json(input.snippet),
        })
        .returning(shown)
        .executeTakeFirstOrThrow();
    } catch (error) {
      if (isUniqueViolation(error))
        throw new AppError('ALREADY_EXISTS', 'The server has a virtual host with this directory');
      if (isForeignKeyViolation(error)) throw new AppError('NOT_FOUND', 'No such server');
      throw error;
    }
  }

  async get(id: string): Promise<VirtualHost | undefined> {
    if (!isUuid(id)) return undefined;
    return this.deps.db.selectFrom('virtual_hosts').select(shown).where('id', '=', id).executeTakeFirst();
  }

  /** Oldest first. */
  async listByServer(serverId: string): Promise<VirtualHost[]> {
    if (!isUuid(serverId)) return [];
    return this.deps.db
      .selectFrom('virtual_hosts')
      .select(shown)
      .where('server_id', '=', serverId)
      .orderBy('id')
      .execute();
  }

  /** Of this server only. @throws AppError NOT_FOUND; also without such a certificate */
  async change(serverId: string, id: string, changes: VirtualHostChanges): Promise<VirtualHost> {
    const { listeners, haproxy, command, snippet, ...rest } = changes;
    const set = {
      ...rest,
      ...(listeners !== undefined && { listeners: JSON.stringify(listeners) }),
      ...(haproxy !== undefined && { haproxy: json(haproxy) }),
      ...(command !== undefined && { command: json(command) }),
      ...(snippet !== undefined && { snippet: json(snippet) }),
    };
    try {
      const row = [serverId, id].every(isUuid)
        ? await this.deps.db
            .updateTable('virtual_hosts')
            // Without a change, too, the row is locked and returned.
            .set({ server_id: serverId, ...set })
            .where('id', '=', id)
            .where('server_id', '=', serverId)
            .returning(shown)
            .executeTakeFirst()
        : undefined;
      if (!row) throw new AppError('NOT_FOUND', 'The server has no such virtual host');
      return row;
    } catch (error) {
      if (isForeignKeyViolation(error)) throw new AppError('NOT_FOUND', 'No such certificate');
      throw error;
    }
  }

  /** Those that an operation is deploying to now. */
  async workedOn(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const { rows } = await sql<{ id: string }>`
      SELECT DISTINCT v.id FROM viw.virtual_hosts v
      JOIN viw.certificate_operations o ON o.certificate_id = v.certificate_id
      WHERE v.id = ANY(${[...ids]}::uuid[]) AND o.status = 'running' AND o.lease_until > now()`.execute(
      this.deps.db,
    );
    return rows.map(({ id }) => id);
  }

  /** These virtual hosts are to serve the certificate from now on. @throws AppError NOT_FOUND when one is not there */
  async assignCertificate(ids: readonly string[], certificateId: string): Promise<void> {
    const wanted = [...new Set(ids)];
    if (wanted.length === 0) return;
    const rows = wanted.every(isUuid)
      ? await this.deps.db
          .updateTable('virtual_hosts')
          .set({ certificate_id: certificateId })
          .where('id', 'in', wanted)
          .returning('id')
          .execute()
      : [];
    if (rows.length !== wanted.length) throw new AppError('NOT_FOUND', 'No such virtual host');
  }

  /** One, with its server. */
  async target(id: string): Promise<DeployTarget | undefined> {
    if (!isUuid(id)) return undefined;
    const row = await this.#withServer().where('v.id', '=', id).executeTakeFirst();
    return row && targetOf(row);
  }

  /** Where the certificate is to be served, oldest first; last where the last deployment failed: a dead server is no canary for ever. */
  async targetsOf(certificateId: string): Promise<DeployTarget[]> {
    const rows = await this.#withServer()
      .where('v.certificate_id', '=', certificateId)
      .orderBy(failedLast(certificateId))
      .orderBy('v.id')
      .execute();
    return rows.map(targetOf);
  }

  #withServer() {
    return this.deps.db
      .selectFrom('virtual_hosts as v')
      .innerJoin('nginx_servers as s', 's.id', 'v.server_id')
      .select(shown.map((column) => `v.${column}` as const))
      .select(['s.name', 's.host', 's.ssh_port', 's.ssh_credential_id', 's.host_key_fingerprint'])
      .select(['s.test_command', 's.reload_command', 's.jump_server_id', 's.rights']);
  }

  /** False when there was none. */
  async delete(id: string): Promise<boolean> {
    if (!isUuid(id)) return false;
    const result = await this.deps.db.deleteFrom('virtual_hosts').where('id', '=', id).executeTakeFirst();
    return result.numDeletedRows > 0n;
  }
}

const targetOf = ({
  name,
  host,
  ssh_port,
  ssh_credential_id,
  host_key_fingerprint,
  test_command,
  reload_command,
  jump_server_id,
  rights,
  ...virtualHost
}: VirtualHost & Omit<DeployTarget['server'], 'id'>): DeployTarget => ({
  ...virtualHost,
  server: {
    id: virtualHost.server_id,
    name,
    host,
    ssh_port,
    ssh_credential_id,
    host_key_fingerprint,
    test_command,
    reload_command,
    jump_server_id,
    rights,
  },
});

const failedLast = (certificateId: string) => sql<boolean>`EXISTS (
  SELECT FROM viw.certificate_operation_targets t WHERE t.virtual_host_id = v.id AND t.state = 'failed' AND t.operation_id = (
    SELECT o.id FROM viw.certificate_operations o
    WHERE o.certificate_id = ${certificateId} AND o.status IN ('succeeded', 'failed')
      AND EXISTS (SELECT FROM viw.certificate_operation_targets d WHERE d.operation_id = o.id AND d.state IN ('done', 'failed'))
    ORDER BY o.id DESC LIMIT 1))`;
