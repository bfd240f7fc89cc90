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
