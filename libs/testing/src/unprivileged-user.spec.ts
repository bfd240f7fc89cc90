import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { barrier, findUser } from './unprivileged-user';

const stranger = { uid: 54_321, gid: 54_321 };

test('names the first folder that a user cannot pass', async () => {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'viw-test-')));
  const inner = join(base, 'a', 'b');
  await mkdir(inner, { recursive: true });
  await chmod(base, 0o755);
  await chmod(join(base, 'a'), 0o750);
  expect(barrier(inner, stranger)).toBe(join(base, 'a'));
  await chmod(join(base, 'a'), 0o751);
  expect(barrier(inner, stranger)).toBeUndefined();
  await rm(base, { recursive: true });
});

test('users of this machine', () => {
  expect(findUser('no-such-user', 'root')).toEqual({ name: 'root', uid: 0, gid: 0 });
  expect(findUser('no-such-user')).toBeUndefined();
});
