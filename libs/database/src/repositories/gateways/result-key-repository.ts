import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** A result that was under way when its key was replaced still counts for so long. */
const REPLACED_FOR = '1 hour';

export interface ResultKey {
  /** `signing`: the helper's, for what was done. `agent`: the agent's own, for what it has to say in the helper's place. */
  readonly kind: 'signing' | 'agent';
  /** Ed25519, as it was registered. */
  readonly jwk: Record<string, string>;
}

export interface ResultKeys {
  /** Those that count now; none that was revoked. */
  readonly keys: readonly ResultKey[];
  /** The helper has, or has had, a key: it signs what it has done. */
  readonly helperSigns: boolean;
  /** The agent has, or has had, a key: it signs what it says in the helper's place. */
  readonly agentSigns: boolean;
}

/** The public keys that results are held against. */
export class ResultKeyRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** A gateway without any key is not in the map. */
  async of(agentIds: readonly string[]): Promise<Map<string, ResultKeys>> {
    const { rows } = await sql<Omit<ResultKeys, 'keys'> & { agent_id: string; keys: ResultKey[] | null }>`
      SELECT agent_id, bool_or(kind = 'signing') AS "helperSigns", bool_or(kind = 'agent') AS "agentSigns",
        jsonb_agg(jsonb_build_object('kind', kind, 'jwk', public_jwk)) FILTER (WHERE revoked_at IS NULL
          AND (active OR replaced_at > now() - ${REPLACED_FOR}::interval)) AS keys
      FROM viw.gateway_credentials
      WHERE agent_id = ANY (${[...agentIds]}::text[]) AND kind IN ('signing', 'agent')
      GROUP BY agent_id`.execute(this.deps.db);
    return new Map(rows.map(({ agent_id, keys, ...who }) => [agent_id, { keys: keys ?? [], ...who }]));
  }
}
