import { AppError } from '@viw/runtime';
import { LoneSignInLimiter } from './lone-sign-in-limiter';

describe('LoneSignInLimiter', () => {
  let now = 0;
  let limiter: LoneSignInLimiter;

  beforeEach(() => {
    now = 1_000_000;
    limiter = new LoneSignInLimiter({ clock: { now: () => now } });
  });

  /** Seconds to wait; 0 when the attempt was let through. */
  const attempt = (account: string, address: string): number => {
    try {
      limiter.attempt(account, address);
      return 0;
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      return (error as AppError).meta.retry_after_s ?? -1;
    }
  };

  it('each failure beyond the free ones doubles the wait, up to a quarter of an hour', () => {
    for (let i = 0; i < 4; i++) expect(attempt('a@example.org', '192.0.2.1')).toBe(0);
    const waits: number[] = [];
    for (let i = 0; i < 14; i++) {
      const wait = attempt('A@example.org', '192.0.2.1');
      waits.push(wait);
      now += wait * 1_000;
      expect(attempt('a@example.org', '192.0.2.1')).toBe(0);
    }
    expect(waits.slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
    expect(Math.max(...waits)).toBe(900);
  });

  it('an attempt that has to wait does not make the wait longer', () => {
    for (let i = 0; i < 4; i++) attempt('a@example.org', '192.0.2.1');
    for (let i = 0; i < 10; i++) expect(attempt('a@example.org', '192.0.2.1')).toBe(1);
  });

  it('other addresses still get in, even while one guesses; the owner waits half a minute at most', () => {
    for (let i = 0; i < 4; i++) attempt('a@example.org', '192.0.2.1');
    expect(attempt('a@example.org', '192.0.2.2')).toBe(0);
    for (let i = 0; i < 200; i++) attempt('a@example.org', `198.51.100.${i}`);
    expect(attempt('a@example.org', '192.0.2.3')).toBeLessThanOrEqual(30);
  });

  it('one address cannot try many accounts', () => {
    for (let i = 0; i < 20; i++) expect(attempt(`user${i}@example.org`, '192.0.2.1')).toBe(0);
    expect(attempt('another@example.org', '192.0.2.1')).toBe(1);
  });

  it('a success forgets the failures of the account', () => {
    for (let i = 0; i < 4; i++) attempt('a@example.org', '192.0.2.1');
    now += 1_000;
    expect(attempt('a@example.org', '192.0.2.1')).toBe(0);
    limiter.succeeded('a@example.org', '192.0.2.1');
    expect(attempt('a@example.org', '192.0.2.1')).toBe(0);
  });
});
