import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** Answers to the validations of one listener's names, for whichever backend the CA's connection reaches. */
export class ListenerAnswerRepository {
  constructor(
    private readonly options: { readonly certificateId: string },
    private readonly deps: RepositoryDeps,
  ) {}

  /**
   * It stands until the attempt ends with a certificate or a failure, whoever goes on with it, so that the CA finds it whenever it looks.
   * False: the claim of that number is lost, and nothing was changed.
   */
  async put(key: string, answer: string, fencing: number): Promise<boolean> {
    const { rows } = await sql`UPDATE viw.listener_certificates
      SET answers = answers || jsonb_build_object(${key}::text, ${JSON.stringify({ answer })}::jsonb)
      WHERE id = ${this.options.certificateId} AND fencing = ${fencing} AND lease_until IS NOT NULL
      RETURNING 1`.execute(this.deps.db);
    return rows.length > 0;
  }

  async find(key: string): Promise<string | undefined> {
    const { rows } = await sql<{ answer: string | null }>`
      SELECT answers -> ${key}::text ->> 'answer' AS answer FROM viw.listener_certificates
      WHERE id = ${this.options.certificateId}`.execute(this.deps.db);
    return rows[0]?.answer ?? undefined;
  }
}
