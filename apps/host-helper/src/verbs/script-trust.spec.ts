import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertTrusted } from './script-trust';

const folder = mkdtempSync(join(tmpdir(), 'viw-trust-'));
const scripts = join(folder, 'scripts');
const script = join(scripts, 'add_user.sh');
const denied = { code: 'PERMISSION_DENIED' };

beforeEach(() => {
  mkdirSync(scripts, { mode: 0o755 });
  writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 });
});
afterEach(() => rmSync(scripts, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

test('our own, in a folder of our own, below a folder in which everybody has his own', async () => {
  expect(await assertTrusted(script)).toBe(script);
  // What is started is the path that was looked at, not the link that led there.
  const link = join(folder, 'link');
  symlinkSync(scripts, link);
  expect(await assertTrusted(join(link, 'add_user.sh'))).toBe(script);
  rmSync(link);
});

test.each([
  ['a script that its group may write', () => chmodSync(script, 0o775)],
  ['a script that everybody may write', () => chmodSync(script, 0o757)],
  ['a folder that its group may write', () => chmodSync(scripts, 0o775)],
  ['a folder that everybody may write', () => chmodSync(scripts, 0o777)],
  ['a folder further up that others may write', () => chmodSync(folder, 0o777)],
])('not %s', async (_what, spoil) => {
  spoil();
  await expect(assertTrusted(script)).rejects.toMatchObject(denied);
  chmodSync(folder, 0o700);
});

test('a link is judged by where it leads', async () => {
  const link = join(folder, 'link');
  chmodSync(scripts, 0o777);
  symlinkSync(scripts, link);
  await expect(assertTrusted(join(link, 'add_user.sh'))).rejects.toMatchObject(denied);
  rmSync(link);
});

test('not what belongs to somebody else', async () => {
  // Nobody's account: then all of it is somebody else's.
  await expect(assertTrusted(script, new Set([4_000_000]))).rejects.toMatchObject(denied);
});
