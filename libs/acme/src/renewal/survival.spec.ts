import { atLife, forecastFleet, worstOutages } from './survival';
import type { FleetCertificate } from './survival';
import { planRenewal } from './renewal-plan';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const now = Date.parse('2026-01-01T00:00:00Z');

/** Certificates of this life, evenly through it, as a fleet that has renewed itself for long. */
function fleet(size: number, lifeMs: number): FleetCertificate[] {
  return Array.from({ length: size }, (_, n) => {
    const jitter = n / size;
    const share = lifeMs < 10 * DAY ? 1 / 2 : 2 / 3;
    const notBefore = now - (n / size) * lifeMs * (share - 0.06);
    const life = { notBefore: new Date(notBefore), notAfter: new Date(notBefore + lifeMs) };
    const wakeAt = planRenewal(life, { jitter }, new Date(now)).dueAt.getTime();
    return { notBefore, notAfter: notBefore + lifeMs, wakeAt, jitter };
  });
}
const ask = (certificates: readonly FleetCertificate[], outage?: { from: number; until: number }) =>
  forecastFleet({ certificates, now, outage, ordersPerTenMinutes: 15, takesMs: 60_000 });
const worst = (certificates: readonly FleetCertificate[], days: number) =>
  Math.max(
    ...worstOutages(certificates, days * DAY, now).map((outage) => ask(certificates, outage).expired.length),
  );

it.each([
  ['90 days', 90 * DAY, 26, 33],
  ['45 days', 45 * DAY, 13, 17],
  ['6 days', 6 * DAY, 2, 4],
])(
  'of %s: none ends without an outage; the reserve is what an outage may last',
  (_, lifeMs, fits, breaks) => {
    const certificates = fleet(300, lifeMs);
    expect(ask(certificates)).toMatchObject({ expired: [] });
    expect(worst(certificates, fits)).toBe(0);
    expect(worst(certificates, breaks)).toBeGreaterThan(0);
  },
);

it('the worst moment is no better than any other', () => {
  const certificates = fleet(200, 45 * DAY);
  const length = 17 * DAY;
  const found = worst(certificates, 17);
  for (let from = now; from < now + 30 * DAY; from += 24 * HOUR) {
    const { expired } = ask(certificates, { from, until: from + length });
    expect(expired.length).toBeLessThanOrEqual(found);
  }
});

it('a queue longer than the allowance is worked off by urgency, and what it cannot reach in time ends', () => {
  const certificates = Array.from({ length: 400 }, (_, n) => ({
    ...{ notBefore: now - 80 * DAY, notAfter: now + (n + 1) * 6 * 60_000, wakeAt: now, jitter: 0 },
  }));
  const { expired, busiestThreeHours, leastMarginMs, renewals } = ask(certificates);
  expect(busiestThreeHours).toBe(270);
  expect(renewals).toBeGreaterThanOrEqual(400);
  expect(expired).toEqual([]);
  expect(leastMarginMs).toBe(5 * 60_000);
  const slower = forecastFleet({ certificates, now, ordersPerTenMinutes: 1, takesMs: 60_000 });
  expect(slower.expired[0]).toMatchObject({ at: now + 18 * 60_000, index: 2 });
});

it('one that nobody tries again ends, whatever the CA does', () => {
  const stopped = { notBefore: now - DAY, notAfter: now + DAY, wakeAt: null, jitter: 0 };
  expect(ask([stopped]).expired).toEqual([{ index: 0, at: now + DAY }]);
});

it('at another life each stands where it stands now', () => {
  const [certificate] = atLife(
    [{ notBefore: now - 45 * DAY, notAfter: now + 45 * DAY, wakeAt: now, jitter: 0 }],
    6 * DAY,
    now,
  );
  expect(certificate).toEqual({ notBefore: now - 3 * DAY, notAfter: now + 3 * DAY, wakeAt: now, jitter: 0 });
});

it('ten thousand certificates of six days and an outage of sixty are answered at once', () => {
  const certificates = fleet(10_000, 6 * DAY);
  const begun = performance.now();
  ask(certificates, { from: now, until: now + 60 * DAY });
  expect(performance.now() - begun).toBeLessThan(20_000);
  expect(forecastFleet({ certificates: [], now, ordersPerTenMinutes: 1, takesMs: 0 })).toMatchObject({
    expired: [],
    leastMarginMs: null,
  });
});
