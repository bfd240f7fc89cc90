import type { Change, Scope } from '@viw/contracts';
import { isUuid } from '@viw/runtime';
import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';
import {
  alertInScope,
  approvalInScope,
  certificateInScope,
  gatewayInScope,
  serverInScope,
  verbInScope,
} from './scope-conditions';

/** Something that a scope may hold or not. */
export type ScopedObject =
  | {
      readonly kind:
        | 'gateway'
        | 'certificate'
        | 'operation'
        | 'server'
        | 'virtual_host'
        | 'ssh_credential'
        | 'alert'
        | 'approval';
      readonly id: string;
    }
  | { readonly kind: 'command'; readonly id: string; readonly gateway: string };

const uuids = (ids: readonly string[]): string[] => ids.filter(isUuid);

/** Whether objects lie in a scope. What is not there lies in none. */
export class ScopeRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** @returns true when every one of them does */
  async holdAll(scope: Scope, objects: readonly ScopedObject[]): Promise<boolean> {
    const found = await Promise.all(objects.map((object) => this.#holds(scope, object)));
    return found.every(Boolean);
  }

  /** Those of the changes that are about something in the scope, in the same order. */
  async visible(scope: Scope, changes: readonly Change[]): Promise<Change[]> {
    const idsOf = (...kinds: Change['kind'][]): string[] =>
      changes.filter(({ kind }) => kinds.includes(kind)).map(ownerOf);
    const [gateways, commands, certificates, servers, alerts, approvals] = await Promise.all([
      this.#ids(
        idsOf('gateway', 'command'),
        (ids) => sql`
        SELECT g.agent_id AS id FROM viw.os_gateways g
        WHERE g.agent_id = ANY(${ids}::text[]) AND ${gatewayInScope(scope)}`,
      ),
      this.#commandsByVerb(scope, changes),
      this.#ids(
        uuids(idsOf('certificate', 'operation')),
        (ids) => sql`
        SELECT c.id FROM viw.certificates c WHERE c.id = ANY(${ids}::uuid[]) AND ${certificateInScope(scope)}`,
      ),
      this.#ids(
        uuids(idsOf('server')),
        (ids) => sql`
        SELECT s.id FROM viw.nginx_servers s
        WHERE s.id = ANY(${ids}::uuid[]) AND ${serverInScope(scope, sql`s.id`)}`,
      ),
      this.#ids(
        uuids(idsOf('alert')),
        (ids) => sql`
        SELECT a.id FROM viw.alerts a WHERE a.id = ANY(${ids}::uuid[]) AND ${alertInScope(scope)}`,
      ),
      this.#ids(
        uuids(idsOf('approval')),
        (ids) => sql`
        SELECT c.id FROM viw.approval_requests c WHERE c.id = ANY(${ids}::uuid[]) AND ${approvalInScope(scope)}`,
      ),
    ]);
    const shown: Readonly<Record<Change['kind'], (change: Change) => boolean>> = {
      gateway: (change) => gateways.has(ownerOf(change)),
      command: (change) => gateways.has(ownerOf(change)) && (commands === 'all' || commands.has(change.id)),
      certificate: (change) => certificates.has(ownerOf(change)),
      operation: (change) => certificates.has(ownerOf(change)),
      server: (change) => servers.has(ownerOf(change)),
      alert: (change) => alerts.has(ownerOf(change)),
      approval: (change) => approvals.has(ownerOf(change)),
      verb_policy: ({ id }) => scope.verbs === 'all' || (scope.verbs ?? []).includes(id),
    };
    return changes.filter((change) => shown[change.kind](change));
  }

  async #commandsByVerb(scope: Scope, changes: readonly Change[]): Promise<ReadonlySet<string> | 'all'> {
    if (scope.verbs === 'all') return 'all';
    const ids = uuids(changes.filter(({ kind }) => kind === 'command').map(({ id }) => id));
    return this.#ids(
      ids,
      (wanted) => sql`
      SELECT c.correlation_id AS id FROM viw.agent_commands c
      WHERE c.correlation_id = ANY(${wanted}::uuid[]) AND ${verbInScope(scope)}`,
    );
  }

  async #ids(
    ids: readonly string[],
    query: (ids: string[]) => RawBuilder<unknown>,
  ): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const { rows } = await query([...new Set(ids)]).execute(this.deps.db);
    return new Set((rows as { id: string }[]).map(({ id }) => id));
  }

  async #holds(scope: Scope, object: ScopedObject): Promise<boolean> {
    const { kind, id } = object;
    if (kind !== 'gateway' && !isUuid(id)) return false;
    const { rows } = await this.#rowsOf(scope, object).execute(this.deps.db);
    return rows.length > 0;
  }

  #rowsOf(scope: Scope, object: ScopedObject): RawBuilder<unknown> {
    const { id } = object;
    switch (object.kind) {
      case 'gateway':
        return sql`SELECT 1 FROM viw.os_gateways g WHERE g.agent_id = ${id} AND ${gatewayInScope(scope)}`;
      case 'command':
        return sql`SELECT 1 FROM viw.os_gateways g JOIN viw.agent_commands c ON c.agent_id = g.agent_id
          WHERE g.agent_id = ${object.gateway} AND c.correlation_id = ${id}
            AND ${gatewayInScope(scope)} AND ${verbInScope(scope)}`;
      case 'certificate':
        return sql`SELECT 1 FROM viw.certificates c WHERE c.id = ${id} AND ${certificateInScope(scope)}`;
      case 'operation':
        return sql`SELECT 1 FROM viw.certificate_operations o JOIN viw.certificates c ON c.id = o.certificate_id
          WHERE o.id = ${id} AND ${certificateInScope(scope)}`;
      case 'server':
        return sql`SELECT 1 FROM viw.nginx_servers s WHERE s.id = ${id} AND ${serverInScope(scope, sql`s.id`)}`;
      case 'alert':
        return sql`SELECT 1 FROM viw.alerts a WHERE a.id = ${id} AND ${alertInScope(scope)}`;
      case 'approval':
        return sql`SELECT 1 FROM viw.approval_requests c WHERE c.id = ${id} AND ${approvalInScope(scope)}`;
      case 'ssh_credential':
        return sql`SELECT 1 FROM viw.nginx_servers s
          WHERE s.ssh_credential_id = ${id} AND ${serverInScope(scope, sql`s.id`)}`;
      case 'virtual_host':
        // Whoever names it takes it from the certificate that it serves: that has to be in the scope, too.
        return sql`SELECT 1 FROM viw.virtual_hosts v LEFT JOIN viw.certificates c ON c.id = v.certificate_id
          WHERE v.id = ${id} AND ${serverInScope(scope, sql`v.server_id`)}
            AND (c.id IS NULL OR ${certificateInScope(scope)})`;
    }
  }
}

/** Whose change it is: a command's gateway, an operation's certificate, otherwise the thing itself. */
const ownerOf = ({ kind, id, parent_id: parent }: Change): string =>
  kind === 'command' || kind === 'operation' ? (parent ?? '') : id;
