import { planRenewal } from './renewal-plan';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const begin = Date.parse('2026-01-01T00:00:00Z');
const lifeOf = (ms: number) => ({ notBefore: new Date(begin), notAfter: new Date(begin + ms) });
const after = (ms: number) => new Date(begin + ms);

describe('planRenewal', () => {
  it.each([
    [90 * DAY, 60 * DAY],
    [45 * DAY, 30 * DAY],
    [10 * DAY, (20 / 3) * DAY],
    [160 * HOUR, 80 * HOUR],
  ])('without a suggestion: of %d ms so many are used: %d', (length, used) => {
    const { dueAt, reason } = planRenewal(lifeOf(length), { jitter: 0 }, after(0));
    expect(dueAt.getTime() - begin).toBeCloseTo(used, -1);
    expect(reason).toBe('lifetime');
  });

  it('spreads by jitter towards the earlier, by a twentieth of life at most', () => {
    const dueAt = (jitter: number) => planRenewal(lifeOf(90 * DAY), { jitter }, after(0)).dueAt.getTime();
    expect(dueAt(0) - dueAt(0.5)).toBeCloseTo(2.25 * DAY, -1);
    expect(dueAt(0) - dueAt(0.999_999)).toBeLessThan(4.5 * DAY);
  });

  it('a suggested instant beats every local "not due", before and after its passing', () => {
    const suggestion = { instant: after(3 * DAY), heardAt: after(2 * DAY) };
    for (const now of [after(2 * DAY), after(50 * DAY)])
      expect(planRenewal(lifeOf(90 * DAY), { jitter: 0, suggestion }, now)).toEqual({
        dueAt: suggestion.instant,
        reason: 'ari',
      });
  });

  it('a late one is obeyed while the CA confirms it, until the last twentieth', () => {
    const plan = (instant: Date, now: Date) =>
      planRenewal(lifeOf(90 * DAY), { jitter: 0, suggestion: { instant, heardAt: after(59 * DAY) } }, now);
    expect(plan(after(70 * DAY), after(60 * DAY))).toEqual({ dueAt: after(70 * DAY), reason: 'ari' });
    expect(plan(after(89 * DAY), after(60 * DAY))).toEqual({ dueAt: after(85.5 * DAY), reason: 'emergency' });
    // Not confirmed for more than two days: the lifetime counts again.
    expect(plan(after(70 * DAY), after(61.1 * DAY))).toEqual({ dueAt: after(60 * DAY), reason: 'lifetime' });
  });

  describe('of a version that was made at the wish of the CA', () => {
    const wish = (instant: Date) => ({
      jitter: 0,
      suggestion: { instant, heardAt: after(0) },
      suggestedAndMadeAt: after(0),
    });

    it('another wish of the moment is held for two days, or for a twentieth of life', () => {
      for (const instant of [after(-400 * DAY), after(0), after(HOUR)]) {
        expect(planRenewal(lifeOf(160 * HOUR), wish(instant), after(HOUR))).toEqual({
          dueAt: after(2 * DAY),
          reason: 'ari',
          heldUntil: after(2 * DAY),
        });
        expect(planRenewal(lifeOf(90 * DAY), wish(instant), after(HOUR)).dueAt).toEqual(after(4.5 * DAY));
      }
    });

    it('one for later is obeyed', () =>
      expect(planRenewal(lifeOf(90 * DAY), wish(after(5 * DAY)), after(HOUR))).toEqual({
        dueAt: after(5 * DAY),
        reason: 'ari',
      }));

    it('a short life is renewed by its length all the same', () => {
      const { dueAt, reason } = planRenewal(lifeOf(2 * DAY), wish(after(-DAY)), after(HOUR));
      expect(dueAt).toEqual(after(DAY));
      expect(reason).toBe('lifetime');
    });
  });
});
