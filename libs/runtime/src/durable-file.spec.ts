import { mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDurably } from './durable-file';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-durable-'));
});
afterEach(() => rm(dir, { recursive: true }));

it('replaces a file whole, for its owner only, and leaves nothing else behind', async () => {
  const path = join(dir, 'key');
  await writeFile(path, 'a longer text than the next', { mode: 0o644 });
  await writeDurably(path, 'next');
  expect(await readFile(path, 'utf8')).toBe('next');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(['key']);
});

it('with onlyNew leaves what is there', async () => {
  const path = join(dir, 'key');
  await writeDurably(path, 'first', { onlyNew: true });
  await expect(writeDurably(path, 'second', { onlyNew: true })).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await readFile(path, 'utf8')).toBe('first');
  expect(await readdir(dir)).toEqual(['key']);
});

it('replaces a link, not what it points to', async () => {
  const victim = join(dir, 'victim');
  await writeFile(victim, 'untouched');
  await symlink(victim, join(dir, 'key'));
  await writeDurably(join(dir, 'key'), 'next');
  expect(await readFile(victim, 'utf8')).toBe('untouched');
});
