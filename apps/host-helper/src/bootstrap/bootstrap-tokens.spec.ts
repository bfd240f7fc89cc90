import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrapTokens } from './bootstrap-tokens';

const folder = mkdtempSync(join(tmpdir(), 'viw-bootstrap-'));
const file = join(folder, 'tokens.json');
let now = 1_795_834_800_000;
const tokens = new BootstrapTokens({ file }, { clock: { now: () => now } });
const stored = () =>
  (JSON.parse(readFileSync(file, 'utf8')) as { tokens: { sha256: string; session_id: string }[] }).tokens;
afterEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

const of = (session_id: string) => ({ username: 'alice', session_id });

test('are kept as hashes that only root may read, and revoked once', async () => {
  const [one, two] = await Promise.all([tokens.generate(of('s-1'), 60), tokens.generate(of('s-2'), 60)]);
  expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(one).not.toBe(two);
  expect(readFileSync(file, 'utf8')).not.toContain(one);
  expect(stored().map(({ sha256 }) => sha256)).toContain(createHash('sha256').update(one).digest('hex'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await tokens.revoke('no-such-token')).toBe(false);
  expect(await tokens.revoke(one)).toBe(true);
  expect(await tokens.revoke(one)).toBe(false);
  expect(stored().map(({ session_id }) => session_id)).toEqual(['s-2']);
});

test('end with their time', async () => {
  const short = await tokens.generate(of('s-1'), 60);
  await tokens.generate(of('s-2'), 120);
  now += 60_000;
  expect(await tokens.revoke(short)).toBe(false);
  await tokens.generate(of('s-3'), 60);
  expect(stored().map(({ session_id }) => session_id)).toEqual(['s-2', 's-3']);
});

test('are bounded, and what somebody has changed is not overwritten', async () => {
  const many = Array.from({ length: 10_000 }, (_, n) => ({
    ...{ sha256: n.toString(16).padStart(64, '0'), username: 'alice', session_id: `s-${n}` },
    expires_at: new Date(now + 60_000).toISOString(),
  }));
  writeFileSync(file, JSON.stringify({ tokens: many }));
  await expect(tokens.generate(of('s'), 60)).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  writeFileSync(file, '{"tokens":');
  await expect(tokens.generate(of('s'), 60)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  await expect(tokens.revoke('x')).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  expect(readFileSync(file, 'utf8')).toBe('{"tokens":');
});
