import { nextAttempt } from './next-attempt';
import { planRenewal } from './renewal-plan';

/** A certificate in service and what is planned for it. Times in milliseconds since 1970. */
export interface FleetCertificate {
  readonly notBefore: number;
  readonly notAfter: number;
  /** When it is renewed, or tried again; null: not before somebody asks for it. */
  readonly wakeAt: number | null;
  /** In [0, 1), of its version. */
  readonly jitter: number;
}

export interface Outage {
  readonly from: number;
  readonly until: number;
}

export interface FleetQuestion {
  readonly certificates: readonly FleetCertificate[];
  readonly now: number;
  /** The CA gives nothing out. */
  readonly outage?: Outage | undefined;
  /** Orders that the schedule may begin in ten minutes. */
  readonly ordersPerTenMinutes: number;
  /** From the begin of a renewal until it is proved to be served, milliseconds. */
  readonly takesMs: number;
}

export interface FleetForecast {
  /** Each once, by its place in the list, with its first end without a successor; in the order of their ends. */
  readonly expired: readonly { readonly index: number; readonly at: number }[];
  /** The least time between a renewal and the end that it forestalls; null without any renewal. Negative: too late. */
  readonly leastMarginMs: number | null;
  readonly renewals: number;
  readonly busiestThreeHours: number;
  readonly busiestWeek: number;
  readonly until: number;
}

const MINUTE_MS = 60_000;
const TICK_MS = 10 * MINUTE_MS;
const DAY_MS = 86_400_000;
/** What is forecast at most, from now. */
const HORIZON_MS = 400 * DAY_MS;
const THREE_HOURS = 18;
const WEEK = 1_008;

/**
 * The fleet from now until every certificate has been renewed once and an outage is over, in steps of ten minutes, by the rules of
 * the schedule: due by `planRenewal`, the most urgent first, no more at once than is allowed; after an outage by the longest pause
 * of `nextAttempt`. The same answer to the same question.
 *
 * Work is bounded by certificates × renewals in the time that is forecast, which is at most 400 days.
 */
export function forecastFleet(question: FleetQuestion): FleetForecast {
  const { certificates, now, outage } = question;
  const longest = certificates.reduce((most, each) => Math.max(most, each.notAfter - each.notBefore), 0);
  const until = Math.min(now + HORIZON_MS, Math.max(now, outage?.until ?? now) + longest);
  return new Fleet(question, until).forecast();
}

class Fleet {
  readonly #ticks: number;
  /** By tick: who wakes then. */
  readonly #wakes = new Map<number, number[]>();
  readonly #notAfter: number[];
  readonly #length: number[];
  readonly #expired = new Map<number, number>();
  /** Due, the most urgent last. */
  readonly #ready: number[] = [];
  readonly #orders: number[];
  #leastMargin = Infinity;
  #renewals = 0;

  constructor(
    private readonly question: FleetQuestion,
    private readonly until: number,
  ) {
    const { certificates, now } = question;
    this.#ticks = Math.ceil((until - now) / TICK_MS);
    this.#orders = new Array<number>(this.#ticks + 1).fill(0);
    this.#notAfter = certificates.map(({ notAfter }) => notAfter);
    this.#length = certificates.map(({ notBefore, notAfter }) => Math.max(0, notAfter - notBefore));
    certificates.forEach(({ wakeAt }, index) => {
      if (wakeAt !== null) this.#wake(index, wakeAt);
    });
  }

  forecast(): FleetForecast {
    const { now, outage, ordersPerTenMinutes } = this.question;
    const answersAgain = outage === undefined ? -Infinity : outage.until + pauseAfter(outage.until);
    for (let tick = 0; tick <= this.#ticks; tick++) {
      const at = now + tick * TICK_MS;
      for (const index of this.#wakes.get(tick) ?? []) this.#insert(index);
      this.#wakes.delete(tick);
      if (outage !== undefined && at >= outage.from && at < answersAgain) continue;
      for (let begun = 0; begun < ordersPerTenMinutes && this.#ready.length > 0; begun++)
        this.#renew(this.#ready.pop() ?? 0, at, tick);
    }
    this.#notAfter.forEach((end, index) => {
      if (end <= this.until) this.#expire(index, end);
    });
    return {
      expired: [...this.#expired].map(([index, at]) => ({ index, at })).sort((a, b) => a.at - b.at),
      leastMarginMs: this.#leastMargin === Infinity ? null : this.#leastMargin,
      renewals: this.#renewals,
      busiestThreeHours: busiest(this.#orders, THREE_HOURS),
      busiestWeek: busiest(this.#orders, WEEK),
      until: this.until,
    };
  }

  #renew(index: number, at: number, tick: number): void {
    const end = this.#notAfter[index] ?? 0;
    const length = this.#length[index] ?? 0;
    const served = at + this.question.takesMs;
    this.#leastMargin = Math.min(this.#leastMargin, end - served);
    if (served > end) this.#expire(index, end);
    this.#renewals += 1;
    this.#orders[tick] = (this.#orders[tick] ?? 0) + 1;
    this.#notAfter[index] = at + length;
    const life = { notBefore: new Date(at), notAfter: new Date(at + length) };
    const jitter = spread(index * 7_919 + this.#renewals);
    this.#wake(index, Math.max(at + TICK_MS, planRenewal(life, { jitter }, new Date(at)).dueAt.getTime()));
  }

  #expire(index: number, at: number): void {
    if (!this.#expired.has(index)) this.#expired.set(index, at);
  }

  #wake(index: number, at: number): void {
    const tick = Math.max(0, Math.ceil((at - this.question.now) / TICK_MS));
    if (tick > this.#ticks) return;
    const waking = this.#wakes.get(tick);
    if (waking) waking.push(index);
    else this.#wakes.set(tick, [index]);
  }

  #insert(index: number): void {
    const end = this.#notAfter[index] ?? 0;
    let [low, high] = [0, this.#ready.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#notAfter[this.#ready[middle] ?? 0] ?? 0) > end) low = middle + 1;
      else high = middle;
    }
    this.#ready.splice(low, 0, index);
  }
}

/** Whoever was refused for long comes back after at most so long. */
const pauseAfter = (at: number): number =>
  (nextAttempt({ retry: 'soon', failures: 20 }, new Date(at), 1)?.getTime() ?? at) - at;

function busiest(orders: readonly number[], window: number): number {
  let [sum, most] = [0, 0];
  orders.forEach((count, tick) => {
    sum += count - (tick >= window ? (orders[tick - window] ?? 0) : 0);
    most = Math.max(most, sum);
  });
  return most;
}

/** In [0, 1); the same for the same number. */
function spread(seed: number): number {
  let mixed = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}

/** The fleet as it would stand if its certificates were made for another life: each as far through it as it is now. */
export function atLife(
  certificates: readonly FleetCertificate[],
  lifeMs: number,
  now: number,
): FleetCertificate[] {
  return certificates.map(({ notBefore, notAfter, wakeAt, jitter }) => {
    const lived = Math.min(1, Math.max(0, (now - notBefore) / Math.max(1, notAfter - notBefore)));
    const begin = now - lived * lifeMs;
    const life = { notBefore: new Date(begin), notAfter: new Date(begin + lifeMs) };
    const due = planRenewal(life, { jitter }, new Date(now)).dueAt.getTime();
    return { notBefore: begin, notAfter: begin + lifeMs, wakeAt: wakeAt === null ? null : due, jitter };
  });
}

/**
 * When outages of this length would begin that hurt most: where most certificates are due after it has begun and end before it
 * is over; and where most are due in it, whose orders then come at once. Which of the two is worse the forecasts tell.
 */
export function worstOutages(
  certificates: readonly FleetCertificate[],
  lengthMs: number,
  now: number,
): Outage[] {
  const hurt: (readonly [number, number])[] = [];
  const due: (readonly [number, number])[] = [];
  for (const { wakeAt, notAfter } of certificates) {
    if (wakeAt === null || wakeAt < now) continue;
    due.push([Math.max(now, wakeAt - lengthMs), wakeAt]);
    const from = Math.max(now, notAfter - lengthMs);
    if (from <= wakeAt) hurt.push([from, wakeAt]);
  }
  return [mostOverlapped(hurt), mostOverlapped(due)].flatMap((from) =>
    from === undefined ? [] : [{ from, until: from + lengthMs }],
  );
}

/** The first point where most of the intervals overlap. */
function mostOverlapped(intervals: readonly (readonly [number, number])[]): number | undefined {
  const begins = intervals.map(([from]) => from).sort((a, b) => a - b);
  const ends = intervals.map(([, to]) => to).sort((a, b) => a - b);
  let [most, ended] = [0, 0];
  let best: number | undefined;
  begins.forEach((at, begun) => {
    while ((ends[ended] ?? Infinity) < at) ended += 1;
    if (begun + 1 - ended <= most) return;
    most = begun + 1 - ended;
    best = at;
  });
  return best;
}
