import { clockCheck } from './clock-check';

const now = Date.parse('2026-11-21T08:00:00.000Z');

it.each([
  ['2026-11-21T08:00:00.000Z', true, '0 s'],
  ['2026-11-21T08:00:50.000Z', true, '50 s behind'],
  ['2026-11-21T07:58:00.000Z', false, '120 s ahead of'],
  ['2026-11-21T08:05:00.000Z', false, '300 s behind'],
  ['', false, 'does not say'],
])('a hub at %j: %s', (serverTime, good, detail) => {
  const check = clockCheck(serverTime, now - 100, now + 100);
  expect(check).toMatchObject({ ok: good, detail: expect.stringContaining(detail) as string });
  expect(check.advice === undefined).toBe(good);
});
