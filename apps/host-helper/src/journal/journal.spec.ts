import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from './journal';

const folder = mkdtempSync(join(tmpdir(), 'viw-journal-'));
const verb = 'list_users';
const DAY_S = 86_400;
const started = () => ({
  state: 'started' as const,
  correlation_id: randomUUID(),
  verb,
  started_at: new Date().toISOString(),
});
const done = (entry: ReturnType<typeof started>) => ({
  ...entry,
  state: 'done' as const,
  reply: {
    status: 'success' as const,
    ...{ rc: 0, stdout: 'x'.repeat(1_000), stderr: '', truncated: false, duration_ms: 1 },
  },
});
afterEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function journal(limits: { mostEntries?: number; mostBytes?: number } = {}): Promise<Journal> {
  const made = new Journal({ folder, ...limits });
  await made.start();
  return made;
}

test.each([[{ mostEntries: 2 }], [{ mostBytes: 200 }]])(
  'full (%j): nothing new begins, what has begun ends, also after a restart',
  async (limits) => {
    const [one, two, three] = [started(), started(), started()];
    const first = await journal(limits);
    await first.write(one);
    await first.write(two);
    await expect(first.write(three)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    const second = await journal(limits);
    await expect(second.write(three)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    await second.write(done(one));
    expect(await second.find(one.correlation_id, verb)).toMatchObject({ state: 'done' });
    expect(await second.find(three.correlation_id, verb)).toBeUndefined();
  },
);

test('what is older than any command can live makes room; what is younger stays', async () => {
  const [old, young] = [started(), started()];
  const kept = await journal({ mostEntries: 2 });
  await kept.write(old);
  await kept.write(young);
  const age = (id: string, days: number): void => {
    const then = Date.now() / 1_000 - days * DAY_S;
    utimesSync(join(folder, `${id}.json`), then, then);
  };
  age(old.correlation_id, 8.1);
  age(young.correlation_id, 7.9);
  // Left by a death in the middle of a write.
  writeFileSync(join(folder, `${randomUUID()}.json.x.tmp`), '');
  await kept.prune();
  expect(await kept.find(old.correlation_id, verb)).toBeUndefined();
  expect(await kept.find(young.correlation_id, verb)).toMatchObject({ state: 'started' });
  await kept.write(started());
  await expect(kept.write(started())).rejects.toMatchObject({ code: 'QUEUE_FULL' });
});
