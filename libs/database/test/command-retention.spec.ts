import { randomUUID } from 'node:crypto';
import { uuidv7 } from '@viw/runtime';
import { sql } from 'kysely';
import { CommandRetentionRepository, type Db } from '../src/index';
import { commandStage, event, result } from './command-stage';
import { newAgent } from './fixture';

const stage = commandStage();
let writer: Db;
beforeAll(async () => {
  writer = await stage.f.as('viw_results_writer');
});
const retention = () => new CommandRetentionRepository({ db: writer });
const old = { keepDays: 400, limit: 100 };

const deadline = (id: string, days: number) =>
  sql`UPDATE viw.agent_commands SET expires_at = now() - make_interval(days => ${days})
    WHERE correlation_id = ${id}`.execute(stage.f.db);
const stored = (id: string, days: number) =>
  sql`UPDATE viw.agent_command_results SET stored_at = now() - make_interval(days => ${days})
    WHERE correlation_id = ${id}`.execute(stage.f.db);
const resultsOf = async (id: string) =>
  (
    await sql<{ n: number }>`SELECT count(*) AS n FROM viw.agent_command_results
      WHERE correlation_id = ${id}`.execute(stage.f.db)
  ).rows[0]!.n;

/** Ended with two results, so many days ago. */
async function ended(agent: string, days: number): Promise<string> {
  const id = await stage.accept(agent);
  await stage.results.apply([result(agent, id), result(agent, id, 'error')]);
  await deadline(id, days);
  await stored(id, days);
  return id;
}

test('an old command goes with all its results; young ones, open ones and those with a young result stay whole', async () => {
  const agent = newAgent();
  const gone = await ended(agent, 401);
  const young = await ended(agent, 399);
  const late = await ended(agent, 401);
  await stage.results.apply([result(agent, late)]);
  const open = await stage.accept(agent);
  await deadline(open, 401);
  await stage.results.apply([{ ...result(agent, open), believed: false }]);
  await stored(open, 401);
  expect(await retention().commands(old)).toEqual({ commands: 1, results: 2 });
  expect(await retention().strayResults(old)).toBe(0);
  expect((await stage.commands.list(agent)).items.map(({ correlation_id }) => correlation_id)).toEqual(
    [young, late, open].toSorted().toReversed(),
  );
  expect(await Promise.all([gone, young, late, open].map(resultsOf))).toEqual([0, 2, 3, 1]);
  expect(await stage.commands.get(agent, gone)).toBeUndefined();
});

test('what comes again of a deleted command makes none, and what is kept of it goes as evidence of no known command', async () => {
  const agent = newAgent();
  const id = await ended(agent, 401);
  expect(await retention().commands(old)).toEqual({ commands: 1, results: 2 });
  expect(await stage.progress.applyEvents([event(agent, id, 'dispatched')])).toEqual([]);
  expect(await stage.results.apply([result(agent, id)])).toEqual({ stored: 1, late: [], changes: [] });
  expect(await stage.commands.get(agent, id)).toBeUndefined();
  expect(await retention().strayResults(old)).toBe(0);
  await stored(id, 401);
  expect(await retention().strayResults({ ...old, limit: 1 })).toBe(1);
  expect(await resultsOf(id)).toBe(0);
});

test('times that hubs and hosts report do not matter', async () => {
  const agent = newAgent();
  const id = await stage.accept(agent);
  const { body, ...entry } = result(agent, id);
  const long = '2001-01-01T00:00:00.000Z';
  await stage.results.apply([
    {
      ...entry,
      body: { ...body, received_at: long, result: { ...body.result, started_at: long, finished_at: long } },
    },
  ]);
  expect(await stage.commands.get(agent, id)).toMatchObject({ status: 'succeeded', finished_at: long });
  expect(await retention().commands(old)).toEqual({ commands: 0, results: 0 });
  expect(await stage.statusOf(agent, id)).toBe('succeeded');
});

test('a result on its way: stored with its command, or kept after it, never torn apart', async () => {
  const agent = newAgent();
  const id = await ended(agent, 401);
  await writer.transaction().execute(async (trx) => {
    // As the results-writer, which has the command's row and has not committed.
    await sql`SELECT 1 FROM viw.agent_commands WHERE correlation_id = ${id} FOR UPDATE`.execute(trx);
    expect(await retention().commands(old)).toEqual({ commands: 0, results: 0 });
  });
  const [, applied] = await Promise.all([
    retention().commands(old),
    stage.results.apply([result(agent, id, 'success', uuidv7())]),
  ]);
  expect(applied.stored).toBe(1);
  const command = await stage.commands.get(agent, id);
  expect(await resultsOf(id)).toBe(command ? 3 : 1);
});

test('the oldest first, so many at once; two callers delete each once', async () => {
  const agent = newAgent();
  const ids = [await ended(agent, 402), await ended(agent, 500), await ended(agent, 450)];
  expect(await retention().commands({ ...old, limit: 1 })).toEqual({ commands: 1, results: 2 });
  expect(await Promise.all(ids.map(resultsOf))).toEqual([2, 0, 2]);
  const both = await Promise.all([retention().commands(old), retention().commands(old)]);
  expect(both[0].commands + both[1].commands).toBe(2);
  expect(both[0].results + both[1].results).toBe(4);
});

test('less than the schema keeps at least is refused, and nobody but the writer may ask', async () => {
  await expect(retention().commands({ ...old, keepDays: 30 })).rejects.toMatchObject({ code: '22023' });
  await expect(retention().strayResults({ ...old, keepDays: 30 })).rejects.toMatchObject({ code: '22023' });
  const backend = await stage.f.as('viw_backend');
  await expect(new CommandRetentionRepository({ db: backend }).commands(old)).rejects.toMatchObject({
    code: '42501',
  });
  await expect(
    sql`DELETE FROM viw.agent_commands WHERE correlation_id = ${randomUUID()}`.execute(writer),
  ).rejects.toMatchObject({ code: '42501' });
});
