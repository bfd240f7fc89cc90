import { eventually } from '@viw/testing';
import type { Pool } from 'pg';

/**
 * Waits until each of these commands has ended well, in Postgres, with one result.
 * @throws Error when that is not so within `timeoutMs`
 */
export const allSucceeded = (
  correlationIds: readonly string[],
  { pool, timeoutMs }: { readonly pool: Pool; readonly timeoutMs: number },
): Promise<void> =>
  eventually(
    async () => {
      const { rows } = await pool.query<{ status: string | null; results: number; n: number }>(
        `SELECT status, results, count(*)::int AS n FROM (
           SELECT c.status, (SELECT count(*)::int FROM viw.agent_command_results r
             WHERE r.correlation_id = i.correlation_id) AS results
           FROM unnest($1::uuid[]) AS i (correlation_id)
           LEFT JOIN viw.agent_commands c USING (correlation_id)) AS each
         GROUP BY status, results ORDER BY n DESC`,
        [correlationIds],
      );
      const wrong = rows.filter(({ status, results }) => status !== 'succeeded' || results !== 1);
      if (wrong.length > 0)
        throw new Error(
          wrong.map(({ status, results, n }) => `${n} commands ${status} with ${results} results`).join(', '),
        );
    },
    { timeoutMs, everyMs: 200, what: 'the end of all commands' },
  );
