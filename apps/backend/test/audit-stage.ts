import type { AuditVerification } from '@viw/contracts';
import { createDatabase } from '@viw/database';
import type { Db } from '@viw/database';
import type { Clock } from '@viw/runtime';
import { createLogger, createMetrics } from '@viw/runtime';
import { sql } from 'kysely';
import { ArchiveSigner } from '../src/audit/archive-signer';
import { CheckpointSigner } from '../src/audit/checkpoint-signer';
import type { AuditRetentionOptions } from '../src/audit/retention';
import { AuditRetention } from '../src/audit/retention';
import { retentionMetrics } from '../src/audit/retention-metrics';
import { AuditSealer } from '../src/audit/sealer';
import type { KnownPlace } from '../src/audit/verification';
import { AuditVerifier } from '../src/audit/verification';
import { completeConfig, configSource } from '../src/config';
import { Store } from '../src/store';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';

const tables = ['audit_log', 'audit_chain', 'audit_checkpoints', 'audit_unsealed', 'audit_archive'];
export const DAY_MS = 86_400_000;

/** The audit log with the rights of a backend, no more, and somebody who owns its tables. */
export interface AuditStage {
  readonly around: Surroundings;
  readonly db: Db;
  readonly store: Store;
  readonly signer: CheckpointSigner;
  readonly archives: ArchiveSigner;
  /** Log lines so far. */
  readonly log: string[];
  owner(text: string): Promise<unknown>;
  append(count: number): Promise<void>;
  /** Lines as they were written so many days ago. */
  appendOld(count: number, days: number): Promise<void>;
  /** Until everything is sealed and signed, as so many days ago. */
  seal(daysAgo?: number): Promise<void>;
  /** @param through in place of the store */
  retention(
    options: AuditRetentionOptions,
    through?: Pick<Store, 'snapshot' | 'transaction'>,
  ): AuditRetention;
  verify(known?: KnownPlace): Promise<AuditVerification>;
  kinds(known?: KnownPlace): Promise<string[]>;
  /** As the tables' owner, undone afterwards. */
  tampering(statements: readonly string[], look: () => Promise<void>): Promise<void>;
  /** Everything away, as at the beginning. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

export async function auditStage(): Promise<AuditStage> {
  const around = await surroundings();
  const db = createDatabase({ url: around.databaseUrl, applicationName: 'test', max: 4 });
  const store = new Store({ db });
  // Those of a backend of these surroundings.
  const { BACKEND_ENCRYPTION_KEY: keys } = completeConfig(configSource.schema.parse(around.environment));
  const signer = new CheckpointSigner({ keys });
  const archives = new ArchiveSigner({ keys });
  const log: string[] = [];
  const logger = createLogger(
    { service: 'backend' },
    { destination: { write: (line: string) => void log.push(line) } },
  );
  const owner = (text: string) => sql.raw(text).execute(around.owner);
  const verify: AuditStage['verify'] = (known) =>
    new AuditVerifier({ store, signer, archives }).verify(known);

  async function seal(daysAgo = 0): Promise<void> {
    const clock: Clock = { now: () => Date.now() - daysAgo * DAY_MS };
    await new AuditSealer({ checkpointMs: 0 }, { store, signer, archives, logger, clock }).seal(
      new AbortController().signal,
    );
    const { rows } = await sql<{ left: number; signed: boolean }>`
      SELECT (SELECT count(*) FROM viw.audit_unsealed u JOIN viw.audit_log a ON a.id = u.entry_id) AS left,
        (SELECT max(seq) FROM viw.audit_checkpoints) >= (SELECT max(seq) FROM viw.audit_chain) AS signed`.execute(
      around.owner,
    );
    expect(rows).toEqual([{ left: 0, signed: true }]);
  }

  async function replace(table: string, insert?: string): Promise<void> {
    await owner(`ALTER TABLE viw.${table} DISABLE TRIGGER ALL`);
    await owner(`DELETE FROM viw.${table}`);
    if (insert !== undefined) await owner(insert);
    await owner(`ALTER TABLE viw.${table} ENABLE TRIGGER ALL`);
  }

  return {
    ...{ around, db, store, signer, archives, log, owner, seal, verify },
    append: async (count) => {
      for (let i = 0; i < count; i++)
        await store.repositories.audit.append({
          actor: { kind: 'administrator', id: '1', name: 'a@example.org' },
          action: 'gateway.update',
          object: { kind: 'gateway', id: `gw-${i}` },
          outcome: 'success',
          detail: { display_name: `Größe ${i}`, n: i / 3 },
        });
    },
    appendOld: async (count, days) => {
      await sql`INSERT INTO viw.audit_log (at, actor_kind, actor_id, action, outcome, detail)
        SELECT now() - make_interval(days => ${days}), 'administrator', '1', 'gateway.update', 'success',
          jsonb_build_object('n', n) FROM generate_series(1, ${count}::int) n`.execute(db);
    },
    retention: (options, through = store) => {
      const metrics = retentionMetrics({ audit: store.repositories.audit, metrics: createMetrics('test') });
      return new AuditRetention(options, { store: through, signer, archives, logger, metrics });
    },
    kinds: async (known) => (await verify(known)).findings.map(({ kind }) => kind),
    tampering: async (statements, look) => {
      for (const table of tables) await owner(`CREATE TABLE viw.kept_${table} AS TABLE viw.${table}`);
      try {
        for (const statement of statements) await owner(statement);
        await look();
      } finally {
        for (const table of tables) {
          await replace(table, `INSERT INTO viw.${table} OVERRIDING SYSTEM VALUE TABLE viw.kept_${table}`);
          await owner(`DROP TABLE viw.kept_${table}`);
        }
      }
    },
    empty: async () => {
      for (const table of tables) await replace(table);
    },
    close: async () => {
      await db.destroy();
      await around.close();
    },
  };
}

/** 1 to 8 and 9 to 14 are due after 400 days, 15 to 18 are not, 19 to 21 are of today. */
export async function dueLines(stage: AuditStage): Promise<void> {
  await stage.empty();
  for (const [n, days] of [
    [8, 500],
    [6, 450],
    [4, 300],
    [3, 0],
  ] as const) {
    await stage.appendOld(n, days);
    await stage.seal(days);
  }
}

/** Two cuts: up to 8, and up to 14. What they say about themselves stands at 22 and 23. */
export async function cutTwice(stage: AuditStage): Promise<void> {
  await dueLines(stage);
  await stage.retention({ days: 400, cut: 8 }).drop(new AbortController().signal);
  await stage.seal();
}
