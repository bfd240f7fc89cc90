import { nextAttempt } from './next-attempt';
import { planRenewal, type HeardSuggestion, type RenewalReason } from './renewal-plan';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SCAN = 10 * MINUTE;
/** As the scheduler's default. */
const ORDERS_PER_SCAN = 15;
const begin = Date.parse('2026-01-01T00:00:00Z');

/** The same numbers in every run. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Certificate {
  notBefore: number;
  notAfter: number;
  jitter: number;
  suggestion?: HeardSuggestion;
  failures: number;
  /** Of the next attempt after a failure. */
  retryAt: number | null;
  dueAt: number;
  reason?: RenewalReason;
  /** When it was made, if by the CA's suggestion. */
  suggestedAndMadeAt?: number;
  issued: number[];
}

interface World {
  lifeMs: number;
  /** Share of orders that fail by a validation. */
  failing: number;
  /** The CA answers nothing, not even about renewals. */
  outage?: { from: number; until: number };
  /** At this time the CA wants every certificate replaced within a day. */
  shiftAt?: number;
  /** The window of every certificate, new ones included, lies in the past. */
  alwaysPast?: boolean;
  /** Default: a year. */
  days?: number;
}

/** A year of 1,000 certificates that were all issued in the same second, looked at every ten minutes. */
function year(world: World) {
  const random = pseudoRandom(7);
  const certificates = Array.from({ length: 1_000 }, (): Certificate => {
    const life = { notBefore: begin, notAfter: begin + world.lifeMs };
    return { ...life, jitter: random(), failures: 0, retryAt: null, dueAt: 0, issued: [] };
  });
  const away = (now: number) =>
    world.outage !== undefined && now >= world.outage.from && now < world.outage.until;
  const plan = (one: Certificate, now: number): void => {
    const { dueAt, reason } = planRenewal(
      { notBefore: new Date(one.notBefore), notAfter: new Date(one.notAfter) },
      {
        jitter: one.jitter,
        ...(one.suggestion && { suggestion: one.suggestion }),
        ...(one.suggestedAndMadeAt !== undefined && { suggestedAndMadeAt: new Date(one.suggestedAndMadeAt) }),
      },
      new Date(now),
    );
    one.dueAt = dueAt.getTime();
    one.reason = reason;
  };
  const askForSuggestions = (now: number): void => {
    if (away(now)) return;
    for (const one of certificates) {
      // As CAs do: a window at a third of life left, and one of the next day for what is to be replaced early.
      const shiftAt = world.shiftAt ?? Infinity;
      const early = now >= shiftAt && one.notBefore < shiftAt;
      const start = early ? shiftAt : one.notAfter - world.lifeMs / 3;
      const length = early ? DAY : world.lifeMs / 30;
      const heardAt = new Date(now);
      const known = one.suggestion?.instant.getTime() ?? NaN;
      const instant = known >= start && known <= start + length ? known : start + random() * length;
      one.suggestion = { instant: new Date(instant), heardAt };
      plan(one, now);
    }
  };
  const renew = (one: Certificate, now: number): void => {
    const failed = away(now) ? 'soon' : random() < world.failing ? 'slow' : undefined;
    if (failed) {
      one.failures += 1;
      const attempt = { retry: failed, failures: one.failures, notAfter: new Date(one.notAfter) } as const;
      one.retryAt = nextAttempt(attempt, new Date(now), random())?.getTime() ?? null;
      return;
    }
    if (one.reason === 'ari') one.suggestedAndMadeAt = now;
    else delete one.suggestedAndMadeAt;
    one.notBefore = now;
    one.notAfter = now + world.lifeMs;
    one.jitter = random();
    one.failures = 0;
    one.retryAt = null;
    delete one.suggestion;
    if (world.alwaysPast) one.suggestion = { instant: new Date(now - DAY), heardAt: new Date(now) };
    one.issued.push(now);
    plan(one, now);
  };

  const wakeAt = ({ failures, retryAt, dueAt }: Certificate): number =>
    failures > 0 ? (retryAt ?? Infinity) : dueAt;
  const end = begin + (world.days ?? 365) * DAY;
  let expired = 0;
  let idleUntil = begin;
  const perHour = new Map<number, number>();
  certificates.forEach((one) => {
    if (world.alwaysPast) one.suggestion = { instant: new Date(begin - DAY), heardAt: new Date(begin) };
    plan(one, begin);
  });
  for (let now = begin; now < end; now += SCAN) {
    if (world.shiftAt !== undefined && (now - begin) % (12 * HOUR) === 0) {
      askForSuggestions(now);
      idleUntil = now;
    }
    if (now < idleUntil) continue;
    const due = certificates.filter((one) => wakeAt(one) <= now);
    // A certificate that ends is due before that, and stays so.
    expired += due.filter(({ notAfter }) => notAfter <= now).length;
    due.sort((a, b) => a.notAfter - b.notAfter);
    for (const one of due.slice(0, ORDERS_PER_SCAN)) {
      renew(one, now);
      const hour = Math.floor(now / HOUR);
      perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
    }
    idleUntil = Math.min(...certificates.map(wakeAt));
  }
  expired += certificates.filter(({ notAfter }) => notAfter <= end).length;
  return { certificates, expired, busiestHour: Math.max(...perHour.values()) };
}

const duplicatesInAWeek = ({ issued }: Certificate): number =>
  Math.max(0, ...issued.map((at) => issued.filter((other) => other >= at && other < at + 7 * DAY).length));

describe('a year of 1,000 certificates', () => {
  it.each([
    ['160 hours', 160 * HOUR, 100],
    ['45 days', 45 * DAY, 35],
    ['64 days', 64 * DAY, 30],
    ['90 days', 90 * DAY, 25],
  ])(
    'of %s, all issued in one second, every 25th order failing: none expires, no herd',
    (_, lifeMs, most) => {
      const { certificates, expired, busiestHour } = year({ lifeMs, failing: 0.04 });
      expect(expired).toBe(0);
      expect(busiestHour).toBeLessThanOrEqual(most);
      expect(Math.max(...certificates.map(duplicatesInAWeek))).toBeLessThanOrEqual(5);
      // Not early either: as many as the backstop and its jitter make of a year.
      const rounds = certificates.map(({ issued }) => issued.length);
      const share = lifeMs < 10 * DAY ? 1 / 2 : 2 / 3;
      expect(Math.max(...rounds)).toBeLessThanOrEqual((365 * DAY) / (lifeMs * (share - 0.05)) + 1);
    },
  );

  it.each([
    ['160 hours', 160 * HOUR, 2],
    ['45 days', 45 * DAY, 14],
    ['90 days', 90 * DAY, 28],
  ])('of %s outlive an outage of the CA when they are due: %d ms, %d days', (_, lifeMs, days) => {
    const from = begin + (lifeMs < 10 * DAY ? 0.45 : 0.6) * lifeMs;
    const outage = { from, until: from + days * DAY };
    expect(year({ lifeMs, failing: 0.04, outage }).expired).toBe(0);
  });

  it.each([
    ['64 days', 64 * DAY],
    ['160 hours', 160 * HOUR],
  ])('of %s that the CA wants replaced early are replaced within its day', (_, lifeMs) => {
    const shiftAt = begin + 21 * DAY;
    const { certificates, expired } = year({ lifeMs, failing: 0, shiftAt, days: 60 });
    expect(expired).toBe(0);
    for (const { issued } of certificates) {
      const next = issued.find((at) => at >= shiftAt);
      expect((next ?? Infinity) - shiftAt).toBeLessThanOrEqual(DAY + 12 * HOUR);
    }
    expect(Math.max(...certificates.map(duplicatesInAWeek))).toBeLessThanOrEqual(5);
  });

  it.each([
    ['160 hours', 160 * HOUR],
    ['90 days', 90 * DAY],
  ])('of %s at a CA that wants each replaced at once, always: five in a week', (_, lifeMs) => {
    const { certificates, expired } = year({ lifeMs, failing: 0, alwaysPast: true, days: 30 });
    expect(expired).toBe(0);
    for (const { issued } of certificates) expect(issued.length).toBeGreaterThan(1);
    // The first certificate counts, too.
    const all = certificates.map((one) => duplicatesInAWeek({ ...one, issued: [begin, ...one.issued] }));
    expect(Math.max(...all)).toBeLessThanOrEqual(5);
  });
});
