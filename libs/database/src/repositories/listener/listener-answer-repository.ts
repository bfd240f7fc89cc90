import { sql } from 'kysely';
import type { RepositoryDeps } from '../repository';

/** Answers to the validations of one listener's names, for whichever backend the CA's connection reaches. */
export class ListenerAnswerRepository {
  constructor(
    private readonly options: { readonly certificateId: string },
    private readonly deps: RepositoryDeps,
  ) {}

  /** @param holder whoever presents it; the last one counts */
  async put(key: string, answer: string, holder: string): Promise<void> {
    await sql`UPDATE viw.listener_certificates
      SET answers = answers || jsonb_build_object(${key}::text, ${JSON.stringify({ answer, holder })}::jsonb)
      WHERE id = ${this.options.certificateId}`.execute(this.deps.db);
  }

  async find(key: string): Promise<string | undefined> {
    const { rows } = await sql<{ answer: string | null }>`
      SELECT answers -> ${key}::text ->> 'answer' AS answer FROM viw.listener_certificates
      WHERE id = ${this.options.certificateId}`.execute(this.deps.db);
    return rows[0]?.answer ?? undefined;
  }

  /** Unless another one, or somebody else, has been presented since. */
  async remove(key: string, answer: string, holder: string): Promise<void> {
    await sql`UPDATE viw.listener_certificates SET answers = answers - ${key}::text
      WHERE id = ${this.options.certificateId}
        AND answers -> ${key}::text = ${JSON.stringify({ answer, holder })}::jsonb`.execute(this.deps.db);
  }
}
