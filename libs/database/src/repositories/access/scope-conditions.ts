import type { Scope } from '@viw/contracts';
import { isUuid } from '@viw/runtime';
import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';

/** What lists are narrowed to; null and undefined: the caller is not narrowed. */
export interface Scoped {
  readonly scope?: Scope | null | undefined;
}

type Condition = RawBuilder<boolean>;
type MaybeScope = Scope | null | undefined;

const everything = sql<boolean>`true`;
const nothing = sql<boolean>`false`;
const anyOf = (parts: readonly Condition[]): Condition =>
  parts.length === 0 ? nothing : sql<boolean>`(${sql.join(parts, sql` OR `)})`;

/** `g` is os_gateways. */
export function gatewayInScope(scope: MaybeScope): Condition {
  const wanted = scope === null || scope === undefined ? 'all' : scope.gateways;
  if (wanted === undefined) return nothing;
  if (wanted === 'all') return everything;
  const { ids, labels } = wanted;
  return anyOf([
    ...(ids.length === 0 ? [] : [sql<boolean>`g.agent_id = ANY(${[...ids]}::text[])`]),
    ...(labels === undefined ? [] : [sql<boolean>`g.labels @> ${JSON.stringify(labels)}::jsonb`]),
  ]);
}

/** `c` is agent_commands or approval_requests. */
export function verbInScope(scope: MaybeScope): Condition {
  const wanted = scope === null || scope === undefined ? 'all' : scope.verbs;
  if (wanted === undefined) return nothing;
  return wanted === 'all' ? everything : sql<boolean>`c.verb = ANY(${[...wanted]}::text[])`;
}

/** `c` is certificates. Every name must lie in one of the domains; an IP address lies below nothing. */
export function certificateInScope(scope: MaybeScope): Condition {
  const wanted = scope === null || scope === undefined ? 'all' : scope.certificates;
  if (wanted === undefined) return nothing;
  if (wanted === 'all') return everything;
  const { ids, domains } = wanted;
  return anyOf([
    ...(ids.length === 0 ? [] : [sql<boolean>`c.id = ANY(${ids.filter(isUuid)}::uuid[])`]),
    ...(domains.length === 0
      ? []
      : [
          sql<boolean>`NOT EXISTS (SELECT FROM unnest(c.names) AS n WHERE NOT EXISTS (
            SELECT FROM unnest(${[...domains]}::text[]) AS d WHERE n = d
              OR (n !~ '^[0-9.]+$|:' AND right(n, length(d) + 1) = '.' || d)))`,
        ]),
  ]);
}

/** @param id column that holds the server's id */
export function serverInScope(scope: MaybeScope, id: RawBuilder<unknown>): Condition {
  const wanted = scope === null || scope === undefined ? 'all' : scope.servers;
  if (wanted === undefined) return nothing;
  return wanted === 'all' ? everything : sql<boolean>`${id} = ANY(${wanted.ids.filter(isUuid)}::uuid[])`;
}

/**
 * `a` is alerts. Whoever may see what it is about; of an alert about a virtual host, its server and the certificate that it is to
 * serve. One about the whole, or about what is gone for good, only who is not narrowed.
 */
export function alertInScope(scope: MaybeScope): Condition {
  if (scope === null || scope === undefined) return everything;
  return sql<boolean>`CASE a.about_kind
    WHEN 'certificate' THEN EXISTS (SELECT FROM viw.certificates c
      WHERE c.id = a.about_uuid AND ${certificateInScope(scope)})
    WHEN 'virtual_host' THEN EXISTS (SELECT FROM viw.virtual_hosts v LEFT JOIN viw.certificates c ON c.id = v.certificate_id
      WHERE v.id = a.about_uuid AND ${serverInScope(scope, sql`v.server_id`)}
        AND (c.id IS NULL OR ${certificateInScope(scope)}))
    WHEN 'gateway' THEN EXISTS (SELECT FROM viw.os_gateways g WHERE g.agent_id = a.about_id AND ${gatewayInScope(scope)})
    ELSE false END`;
}

/** `c` is approval_requests. A change of a policy is about every gateway: it is for who is not narrowed. */
export function approvalInScope(scope: MaybeScope): Condition {
  if (scope === null || scope === undefined) return everything;
  return sql<boolean>`(c.kind = 'command' AND ${verbInScope(scope)} AND EXISTS (SELECT FROM viw.os_gateways g
    WHERE g.agent_id = c.agent_id AND ${gatewayInScope(scope)}))`;
}
