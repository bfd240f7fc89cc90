import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@viw/runtime';
import { CommandJournal } from './command-journal';

const logger = createLogger({ service: 'test', level: 'silent' });
const at = '2026-11-21T08:00:00.000Z';
const verb = 'list_users';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-journal-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const file = (): string => join(dir, 'commands.jsonl');
const open = async (capacity?: number): Promise<CommandJournal> => {
  const journal = new CommandJournal(capacity === undefined ? { dir } : { dir, capacity }, { logger });
  await journal.start();
  return journal;
};
const begin = async (journal: CommandJournal): Promise<{ correlation_id: string; result_id: string }> => {
  const ids = { correlation_id: randomUUID(), result_id: randomUUID() };
  await journal.begin({ at, verb, ...ids });
  return ids;
};

it('knows over a restart what was begun and what has ended', async () => {
  const first = await open();
  const [a, b] = [await begin(first), await begin(first)];
  await first.end({ at, correlation_id: a.correlation_id, status: 'success', rc: 0, by: 'helper' });
  await first.stop();

  const second = await open();
  expect(second.find(a.correlation_id)).toMatchObject({
    begun: a,
    ended: { status: 'success', by: 'helper' },
  });
  expect(second.find(b.correlation_id)).toMatchObject({ begun: b });
  expect(second.find(b.correlation_id)?.ended).toBeUndefined();
  expect(second.find(randomUUID())).toBeUndefined();
  await second.stop();
});

it('is on disk when begin resolves, for its owner only', async () => {
  const journal = await open();
  const { correlation_id } = await begin(journal);
  expect(await readFile(file(), 'utf8')).toContain(correlation_id);
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  await journal.stop();
});

it('drops a line that a crash cut short and keeps the rest', async () => {
  const first = await open();
  const kept = await begin(first);
  await first.stop();
  await appendFile(file(), '{"state":"begun","at":"2026-11-21T08:0');
  const second = await open();
  expect(second.find(kept.correlation_id)).toBeDefined();
  const next = await begin(second);
  await second.stop();
  const third = await open();
  expect(third.find(next.correlation_id)).toBeDefined();
  await third.stop();
});

it('forgets the oldest, in memory and on disk', async () => {
  const journal = await open(3);
  const all = [];
  for (let n = 0; n < 20; n++) all.push(await begin(journal));
  expect(journal.find(all[0]?.correlation_id ?? '')).toBeUndefined();
  expect(journal.find(all[19]?.correlation_id ?? '')).toBeDefined();
  expect((await readFile(file(), 'utf8')).trim().split('\n').length).toBeLessThanOrEqual(12);
  await journal.stop();
});

it('writes concurrent records one after the other', async () => {
  const journal = await open();
  await Promise.all(Array.from({ length: 50 }, () => begin(journal)));
  const lines = (await readFile(file(), 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(50);
  expect(() => lines.forEach((line) => void JSON.parse(line))).not.toThrow();
  await journal.stop();
});

it('refuses to begin when it cannot write', async () => {
  const journal = await open();
  await journal.stop();
  await expect(begin(journal)).rejects.toThrow('not open');
});
