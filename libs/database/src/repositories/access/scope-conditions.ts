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

/** `c` is agent_commands. */
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
