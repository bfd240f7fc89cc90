import type { VerbPolicy, VerbPolicyRules } from '@viw/contracts';
import { advisoryLocks } from '@viw/contracts';
import { sql } from 'kysely';
import type { Principal } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

/** A policy as it is kept. */
export type KeptPolicy = VerbPolicy & { readonly where: VerbPolicyRules['where'] };

interface PolicyRow extends Omit<KeptPolicy, 'policy_id' | 'where' | 'changed_by'> {
  readonly selector: Exclude<VerbPolicyRules['where'], 'all'> | null;
  readonly changed_by_name: string;
}

const columns = sql`verb, version, roles, selector, approval, approval_ttl_s, max_targets, changed_by_name, changed_at`;

/** What commands are signed with that were accepted under it. */
export const policyIdOf = ({ verb, version }: { verb: string; version: number }): string =>
  `${verb}@${version}`;

const policyOf = ({ selector, changed_by_name, ...row }: PolicyRow): KeptPolicy => ({
  ...row,
  policy_id: policyIdOf(row),
  where: selector ?? 'all',
  changed_by: changed_by_name,
});

export class VerbPolicyRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** By verb. */
  async list(): Promise<KeptPolicy[]> {
    const { rows } =
      await sql<PolicyRow>`SELECT ${columns} FROM viw.verb_policies ORDER BY verb COLLATE "C"`.execute(
        this.deps.db,
      );
    return rows.map(policyOf);
  }

  async get(verb: string): Promise<KeptPolicy | undefined> {
    const { rows } =
      await sql<PolicyRow>`SELECT ${columns} FROM viw.verb_policies WHERE verb = ${verb}`.execute(
        this.deps.db,
      );
    return rows[0] && policyOf(rows[0]);
  }

  /**
   * The policy, which nobody else changes until the end of the caller's transaction. Waits for commands that are just being
   * accepted, so that after the commit of a change none is accepted under what it replaces.
   */
  async lock(verb: string): Promise<KeptPolicy | undefined> {
    await sql`SELECT pg_advisory_xact_lock(${advisoryLocks.commandAcceptance})`.execute(this.deps.db);
    return this.get(verb);
  }

  /**
   * A new version of a locked one; the lock makes versions grow. None is below the seconds since 1970, so that a database that
   * was restored from a backup gives none again that it gave after the backup.
   */
  async put(verb: string, rules: VerbPolicyRules, by: Principal): Promise<KeptPolicy> {
    const { where, roles, approval, approval_ttl_s, max_targets } = rules;
    const { rows } = await sql<PolicyRow>`
      INSERT INTO viw.verb_policies AS p (verb, version, roles, selector, approval, approval_ttl_s, max_targets,
        changed_by_kind, changed_by_id, changed_by_name)
      VALUES (${verb}, setval('viw.verb_policy_versions', greatest(nextval('viw.verb_policy_versions'),
        extract(epoch FROM clock_timestamp())::bigint)), ${[...roles].sort()}::text[],
        ${where === 'all' ? null : JSON.stringify(where)}::jsonb, ${approval}, ${approval_ttl_s}::int, ${max_targets}::int,
        ${by.kind}, ${by.id}, ${by.name})
      ON CONFLICT (verb) DO UPDATE SET version = excluded.version, roles = excluded.roles, selector = excluded.selector,
        approval = excluded.approval, approval_ttl_s = excluded.approval_ttl_s, max_targets = excluded.max_targets,
        changed_by_kind = excluded.changed_by_kind, changed_by_id = excluded.changed_by_id,
        changed_by_name = excluded.changed_by_name, changed_at = now()
      RETURNING ${columns}`.execute(this.deps.db);
    const [row] = rows;
    if (row === undefined) throw new Error('an upsert returns its row');
    return policyOf(row);
  }

  async delete(verb: string): Promise<void> {
    await sql`DELETE FROM viw.verb_policies WHERE verb = ${verb}`.execute(this.deps.db);
  }
}
