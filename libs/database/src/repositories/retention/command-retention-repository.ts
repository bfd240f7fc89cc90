import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';
import { type Forgetting, forget } from './forgetting';

/** Commands and results, until they are old. Two callers at once are harmless: neither waits for what the other deletes. */
export class CommandRetentionRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /**
   * Commands that have ended, whose deadline and whose results lie so far back, each in one transaction with all its results.
   * The limit is one of commands.
   */
  async commands({ keepDays, limit }: Forgetting): Promise<{ commands: number; results: number }> {
    const { rows } = await sql<{ commands: number; results: number }>`
      SELECT commands, results FROM viw.forget_commands(${keepDays}::int, ${limit}::int)`.execute(
      this.deps.db,
    );
    return rows[0] ?? { commands: 0, results: 0 };
  }

  /** Approval requests that have ended. */
  approvals(step: Forgetting): Promise<number> {
    return forget(this.deps, 'forget_approvals', step);
  }

  /** Results of no command that is known. */
  strayResults(step: Forgetting): Promise<number> {
    return forget(this.deps, 'forget_stray_results', step);
  }
}
