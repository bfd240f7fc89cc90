import { ReconnectPolicy } from './reconnect-policy';

const highest = (): number => 1 - 1e-9;
const lost = { openMs: 0 };

it('spreads the first connection over 0 to 10 s', () => {
  expect(new ReconnectPolicy({}, { random: () => 0 }).firstDelay()).toBe(0);
  expect(new ReconnectPolicy({}, { random: highest }).firstDelay()).toBe(9_999);
  expect(new ReconnectPolicy({ firstSpreadMs: 0 }, { random: highest }).firstDelay()).toBe(0);
});

it('doubles the range from 1 s to the cap of 60 s, with full jitter', () => {
  const upper = new ReconnectPolicy({}, { random: highest });
  const delays = Array.from({ length: 8 }, () => upper.nextDelay(lost));
  expect(delays).toEqual([999, 1_999, 3_999, 7_999, 15_999, 31_999, 59_999, 59_999]);
  const lower = new ReconnectPolicy({}, { random: () => 0 });
  expect([lower.nextDelay(lost), lower.nextDelay(lost)]).toEqual([0, 0]);
});

it('starts anew only after 60 s of a stable session', () => {
  const policy = new ReconnectPolicy({}, { random: highest });
  policy.nextDelay(lost);
  policy.nextDelay(lost);
  expect(policy.nextDelay({ openMs: 59_999 })).toBe(3_999);
  expect(policy.nextDelay({ openMs: 60_000 })).toBe(999);
});

it('is back within 5 s when one hub after the other restarts under it', () => {
  const policy = new ReconnectPolicy({}, { random: highest });
  const sessions = [{ openMs: 3_600_000 }, { openMs: 5_000 }, { openMs: 5_000 }];
  expect(sessions.map((ended) => policy.nextDelay(ended))).toEqual([999, 1_999, 3_999]);
});

it('obeys Retry-After, jitter on top, up to an hour', () => {
  const policy = new ReconnectPolicy({}, { random: () => 0.5 });
  expect(policy.nextDelay({ openMs: 0, retryAfterMs: 30_000 })).toBe(30_500);
  expect(policy.nextDelay({ openMs: 0, retryAfterMs: 1e12 })).toBeLessThanOrEqual(3_600_000 + 60_000);
});

it('comes back slowly where it is not welcome, and that is no reason to start anew', () => {
  const policy = new ReconnectPolicy({}, { random: () => 0 });
  expect(policy.nextDelay({ openMs: 3_600_000, unwelcome: true })).toBe(30_000);
});

it('does not stay away long after short waits, however many they were', () => {
  let draw = 0.01;
  const policy = new ReconnectPolicy({}, { random: () => draw });
  const waited = Array.from({ length: 10 }, () => policy.nextDelay(lost)).reduce((a, b) => a + b);
  expect(waited).toBeLessThan(200);
  draw = highest();
  expect(policy.nextDelay(lost)).toBeLessThanOrEqual(1_000 + 2 * waited);
  for (let n = 0; n < 10; n++) policy.nextDelay(lost);
  expect(policy.nextDelay(lost)).toBe(59_999);
});

it('of a fleet that loses its hub for 6 s is back within 20 s, and not all at once', () => {
  const backAt = Array.from({ length: 10_000 }, () => {
    const policy = new ReconnectPolicy();
    let at = 0;
    while (at < 6_000) at += policy.nextDelay(lost);
    return at;
  });
  expect(Math.max(...backAt)).toBeLessThan(20_000);
  const perSecond = Array.from({ length: 14 }, (_, s) =>
    backAt.filter((at) => Math.floor(at / 1_000) === s + 6),
  );
  expect(Math.max(...perSecond.map((second) => second.length))).toBeLessThan(3_000);
});

it('does not back off further from a hub that asks for more time than it would have taken', () => {
  const policy = new ReconnectPolicy({}, { random: highest });
  for (let n = 0; n < 5; n++) expect(policy.nextDelay({ openMs: 0, retryAfterMs: 5_000 })).toBe(5_999);
  expect(policy.nextDelay(lost)).toBe(999);
  expect(policy.nextDelay({ openMs: 0, retryAfterMs: 500 })).toBe(2_499);
  expect(policy.nextDelay(lost)).toBe(3_999);
});
