import { randomUUID } from 'node:crypto';
import { createDatabase } from '@viw/database';
import { createLogger, createMetrics } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { commandHistory } from '../src/command-history';
import { configSource } from '../src/config';
import { WriterStage } from './writer-stage';

const stage = new WriterStage('gw-history');
beforeAll(() => stage.start({ before: () => oldCommand(before) }), 90_000);
afterAll(() => stage.stop());

const before = randomUUID();

/** Ended 401 days ago, with a result, an open one of the same age beside it. */
async function oldCommand(id: string): Promise<void> {
  for (const [command, status] of [
    [id, 'succeeded'],
    [randomUUID(), 'dispatched'],
  ] as const)
    await sql`insert into viw.agent_commands (correlation_id, agent_id, verb, parameters_redacted, jws, status,
        issued_by_kind, issued_by_id, issued_by_name, accepted_at, expires_at, timeout_s)
      values (${command}, ${stage.agentId}, 'list_users', '{}', 'x.y.z', ${status}, 'administrator', 'a-1', 'admin',
        now() - interval '401 days', now() - interval '401 days', 30)`.execute(stage.db);
  await sql`insert into viw.agent_command_results (agent_id, result_id, event_id, correlation_id, verb, status, stdout,
      stderr, truncated, duration_ms, started_at, finished_at, hub, session_id, epoch, received_at, late, stored_at)
    values (${stage.agentId}, ${randomUUID()}, ${randomUUID()}, ${id}, 'list_users', 'success', '', '', false, 1, now(),
      now(), 'hub-1', 's', 1, now(), false, now() - interval '401 days')`.execute(stage.db);
}
const open = async () =>
  (
    await sql<{
      n: number;
    }>`select count(*) as n from viw.agent_commands where status = 'dispatched'`.execute(stage.db)
  ).rows[0]?.n;

it('deletes commands past their retention with their results, and no open one', async () => {
  await eventually(async () => expect(await stage.statusOf(before)).toBeUndefined());
  expect(await stage.storedResults(before)).toEqual([]);
  expect(await open()).toBe(1);
});

it('does not start with less than what a repetition can be told by', () => {
  const parsed = (days: string) =>
    configSource.schema.safeParse({ RESULTS_WRITER_COMMAND_RETENTION_DAYS: days });
  expect([parsed('30').success, parsed('31').success]).toEqual([false, true]);
});

it('does so once, however many writers there are', async () => {
  // The one that is running sleeps with the lock; these have it to themselves once it is stopped.
  await stage.stopWriter();
  const ids = Array.from({ length: 3 }, () => randomUUID());
  for (const id of ids) await oldCommand(id);
  const db = createDatabase({ url: stage.accountUrl, applicationName: 'test', max: 2 });
  const replicas = [1, 2].map(() => {
    const metrics = createMetrics('results-writer');
    const logger = createLogger({ service: 'test', level: 'fatal' });
    const component = commandHistory(
      { databaseUrl: stage.accountUrl, keepDays: 400 },
      { db, metrics, logger },
    );
    return { component, metrics };
  });
  for (const { component } of replicas) await component.start();
  await eventually(async () => {
    for (const id of ids) expect(await stage.statusOf(id)).toBeUndefined();
  });
  for (const { component } of replicas) await component.stop();
  await db.destroy();
  const counted = (await Promise.all(replicas.map(({ metrics }) => metrics.metrics()))).join('\n');
  for (const what of ['agent_commands', 'agent_command_results'])
    expect(counted.match(new RegExp(`viw_history_deleted_total\\{what="${what}".*`, 'g'))).toEqual([
      `viw_history_deleted_total{what="${what}",service="results-writer"} 3`,
    ]);
  expect(await open()).toBe(4);
});
