import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, generateSshKeyPair, isAlive, startSshd } from '../src/index';
import { descendants } from '../src/process-table';
import { runOverSsh } from './ssh-client';

test('two at once: own host keys, the right key signs in, another does not', async () => {
  const [mine, other] = await Promise.all([generateSshKeyPair(), generateSshKeyPair()]);
  expect(mine.privateKey).toMatch(/^-----BEGIN OPENSSH PRIVATE KEY-----/);
  expect(mine.publicKey).toMatch(/^ssh-ed25519 /);
  const [one, two] = await Promise.all([
    startSshd({ authorizedKeys: [mine.publicKey] }),
    startSshd({ authorizedKeys: [other.publicKey] }),
  ]);
  expect(one.hostKeyFingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  expect(one.hostKeyFingerprint).not.toBe(two.hostKeyFingerprint);
  expect(await runOverSsh(one, mine.privateKey, 'echo $((20 + 3))')).toBe('23\n');
  await expect(runOverSsh(two, mine.privateKey, 'true')).rejects.toThrow('Permission denied');
  await Promise.all([one.stop(), two.stop()]);
  expect([one.pid, two.pid].filter(isAlive)).toEqual([]);
});

test('a session has an empty home: nothing that the account runs at the start of a shell', async () => {
  const key = await generateSshKeyPair();
  const sshd = await startSshd({ authorizedKeys: [key.publicKey] });
  const home = (await runOverSsh(sshd, key.privateKey, 'echo "$HOME"; ls -A "$HOME"')).split('\n');
  expect(home[0]).not.toBe(homedir());
  expect(home.filter((name) => /^\.(bash|profile|zsh)/.test(name))).toEqual([]);
  await sshd.stop();
});

test('stop ends open sessions, and a kept folder keeps the host key', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'viw-test-'));
  const key = await generateSshKeyPair();
  const sshd = await startSshd({ dir, authorizedKeys: [key.publicKey] });
  const session = expect(runOverSsh(sshd, key.privateKey, 'exec sleep 1000')).rejects.toThrow();
  const sleeper = await eventually(() => {
    const family = descendants(sshd.pid);
    expect(sshd.program.output()).toContain('Starting session: command');
    return family;
  });
  expect(sleeper.length).toBeGreaterThan(0);
  await sshd.stop();
  await session;
  await eventually(() => expect(sleeper.filter(isAlive)).toEqual([]));
  const again = await startSshd({ dir, authorizedKeys: [key.publicKey] });
  expect(again.hostKeyFingerprint).toBe(sshd.hostKeyFingerprint);
  await again.stop();
  await rm(dir, { recursive: true });
});
