import type * as Acme from '@viw/acme';
import type { FleetCertificate, FleetForecast, FleetQuestion, Outage } from '@viw/acme';
import type { Scope, SurvivalReport, SurvivalScenario, survivalQuery } from '@viw/contracts';
import type { ScheduledCertificate } from '@viw/database';
import type { z } from 'zod';
import type { Repositories } from '../store';
import { outcomeOf, reportOutcome } from './survival-words';

type Question = z.output<typeof survivalQuery>;
type Named = Omit<SurvivalScenario, 'outcome'>;

const DAY_MS = 86_400_000;
const MAX_CERTIFICATES = 10_000;
const SHOWN = 20;
/** While nothing has been renewed yet, seconds. */
const USUAL_DURATION_S = 60;
/** https://letsencrypt.org/docs/rate-limits/ */
const limits = { orders_per_3_hours: 300, same_names_per_week: 5 } as const;

/**
 * Would this fleet survive shorter lives and an outage of the CA? Reckoned from what is stored, by the rules by which the schedule
 * works; it changes nothing. Between two scenarios other requests get their turn.
 */
export class SurvivalService {
  constructor(private readonly deps: { readonly repositories: Pick<Repositories, 'fleet'> }) {}

  async report(question: Question, scope: Scope | undefined): Promise<SurvivalReport> {
    const { fleet } = this.deps.repositories;
    const [{ certificates: stored, total }, durations] = await Promise.all([
      fleet.scheduled({ scope, limit: MAX_CERTIFICATES }),
      fleet.durations(),
    ]);
    // Loaded when it is first asked for: with it comes an ACME client, for which a backend has no other use.
    const acme = await import('@viw/acme');
    const now = Date.now();
    const planned = stored.map((each) => fleetCertificate(each, now, acme));
    const { life_days: days, orders_per_ten_minutes: ordersPerTenMinutes } = question;
    const certificates = days === undefined ? planned : acme.atLife(planned, days * DAY_MS, now);
    const takesMs = (durations?.p95_s ?? USUAL_DURATION_S) * 1_000;
    const asked = { certificates, now, ordersPerTenMinutes, takesMs };
    const scenarios = await forecasts(asked, question.ca_outage_days * DAY_MS, stored, acme);
    const figures = {
      at: new Date(now).toISOString(),
      certificates: certificates.length,
      left_out: total - certificates.length,
      stopped: certificates.filter(({ wakeAt }) => wakeAt === null).length,
      life_days: days ?? null,
      ca_outage_days: question.ca_outage_days,
      orders_per_ten_minutes: ordersPerTenMinutes,
      durations,
      limits,
      same_names_per_week: sameNamesPerWeek(certificates, acme),
      survives: scenarios.every(({ expired }) => expired === 0),
      scenarios: scenarios.map((each) => ({ ...each, outcome: outcomeOf(each, limits.orders_per_3_hours) })),
    };
    return { ...figures, outcome: reportOutcome(figures) };
  }
}

function fleetCertificate(
  { not_before, not_after, due_at, jitter, failed }: ScheduledCertificate,
  now: number,
  { planRenewal }: typeof Acme,
): FleetCertificate {
  const life = { notBefore: new Date(not_before), notAfter: new Date(not_after) };
  const picked = jitter ?? 0.5;
  const due = due_at ?? planRenewal(life, { jitter: picked }, new Date(now)).dueAt.toISOString();
  const wakeAt = failed === null ? due : failed.retry_at;
  return {
    notBefore: life.notBefore.getTime(),
    notAfter: life.notAfter.getTime(),
    wakeAt: wakeAt === null ? null : Date.parse(wakeAt),
    jitter: picked,
  };
}

async function forecasts(
  asked: FleetQuestion,
  outageMs: number,
  stored: readonly ScheduledCertificate[],
  { forecastFleet, worstOutages }: typeof Acme,
): Promise<Named[]> {
  const { certificates, now } = asked;
  const forecast = async (outage?: Outage): Promise<FleetForecast> => {
    await new Promise(setImmediate);
    return forecastFleet({ ...asked, outage });
  };
  const calm = scenario('no_outage', undefined, await forecast(), stored);
  if (outageMs === 0) return [calm];
  const current = { from: now, until: now + outageMs };
  const atOnce = await forecast(current);
  let worst: readonly [Outage, FleetForecast] = [current, atOnce];
  for (const outage of worstOutages(certificates, outageMs, now)) {
    const other = await forecast(outage);
    if (isWorse(other, worst[1])) worst = [outage, other];
  }
  return [
    calm,
    scenario('outage_now', current, atOnce, stored),
    scenario('outage_at_worst_moment', ...worst, stored),
  ];
}

const isWorse = (a: FleetForecast, b: FleetForecast): boolean =>
  a.expired.length === b.expired.length
    ? (a.leastMarginMs ?? Infinity) < (b.leastMarginMs ?? Infinity)
    : a.expired.length > b.expired.length;

function scenario(
  name: SurvivalScenario['name'],
  outage: Outage | undefined,
  found: FleetForecast,
  stored: readonly ScheduledCertificate[],
): Named {
  const text = (at: number): string => new Date(at).toISOString();
  return {
    name,
    outage: outage === undefined ? null : { from: text(outage.from), until: text(outage.until) },
    until: text(found.until),
    expired: found.expired.length,
    first_expired: found.expired.slice(0, SHOWN).map(({ index, at }) => ({
      certificate_id: stored[index]?.id ?? '',
      names: stored[index]?.names ?? [],
      at: text(at),
    })),
    renewals: found.renewals,
    least_margin_s: found.leastMarginMs === null ? null : Math.round(found.leastMarginMs / 1_000),
    busiest_3_hours: found.busiestThreeHours,
    busiest_week: found.busiestWeek,
  };
}

/** Of the certificate with the shortest life, renewed as early as the rules allow. */
function sameNamesPerWeek(certificates: readonly FleetCertificate[], { planRenewal }: typeof Acme): number {
  const shortest = certificates.reduce(
    (least, { notBefore, notAfter }) => Math.min(least, notAfter - notBefore),
    Infinity,
  );
  if (!Number.isFinite(shortest) || shortest <= 0) return 0;
  const life = { notBefore: new Date(0), notAfter: new Date(shortest) };
  const { dueAt } = planRenewal(life, { jitter: 0.999 }, new Date(0));
  return Math.ceil((7 * DAY_MS) / dueAt.getTime());
}
