import { eventually } from './eventually';

test('returns the first result that does not throw', async () => {
  let attempts = 0;
  const result = await eventually(
    () => {
      attempts += 1;
      if (attempts < 3) throw new Error('not yet');
      return attempts;
    },
    { everyMs: 1 },
  );
  expect(result).toBe(3);
});

test('fails with the last error, led by what was waited for', async () => {
  let attempts = 0;
  const waiting = eventually(
    async () => {
      attempts += 1;
      throw new Error(`attempt ${attempts}`);
    },
    { timeoutMs: 30, everyMs: 5, what: 'the row' },
  );
  await expect(waiting).rejects.toThrow(/^the row did not come true within 30 ms: attempt \d+$/);
  expect(attempts).toBeGreaterThan(1);
});

test('tries once even without time', async () => {
  expect(await eventually(() => 'now', { timeoutMs: 0 })).toBe('now');
});
