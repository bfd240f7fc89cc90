import type { SurvivalReport, SurvivalScenario } from '@viw/contracts';

const title: Readonly<Record<SurvivalScenario['name'], string>> = {
  no_outage: 'Without an outage',
  outage_now: 'With an outage that begins now',
  outage_at_worst_moment: 'With an outage at the worst moment',
};

/** A scenario in one or two sentences. */
export function outcomeOf(
  {
    name,
    expired,
    first_expired: [first],
    least_margin_s,
    busiest_3_hours,
  }: Omit<SurvivalScenario, 'outcome'>,
  ordersPer3Hours: number,
): string {
  const fate =
    expired === 0 || first === undefined
      ? `${title[name]} no certificate ends without a successor${marginWords(least_margin_s)}.`
      : `${title[name]} ${counted(expired, 'certificate')} ${expired === 1 ? 'ends' : 'end'} without a successor, ` +
        `first ${first.names[0] ?? first.certificate_id} at ${first.at}.`;
  const orders = `At most ${counted(busiest_3_hours, 'order')} in three hours`;
  return busiest_3_hours > ordersPer3Hours
    ? `${fate} ${orders}: more than Let's Encrypt allows an account (${ordersPer3Hours}).`
    : `${fate} ${orders}.`;
}

const marginWords = (seconds: number | null): string =>
  seconds === null ? '' : `; the closest is renewed ${spanWords(seconds)} before its end`;

/** The whole in one or two sentences. */
export function reportOutcome(report: Omit<SurvivalReport, 'outcome'>): string {
  const { certificates, life_days, ca_outage_days, survives, scenarios, stopped, left_out } = report;
  if (certificates === 0) return 'There is no certificate in service.';
  const lives =
    life_days === null ? 'with the lives they have' : `with lives of ${counted(life_days, 'day')}`;
  const outage = ca_outage_days === 0 ? '' : ` and an outage of the CA of ${counted(ca_outage_days, 'day')}`;
  const subject = `${counted(certificates, 'certificate')} ${lives}${outage}`;
  const worst = Math.max(...scenarios.map(({ expired }) => expired));
  const notes = [
    ...(stopped > 0 ? [`${stopped} of them nobody tries to renew before somebody asks for it.`] : []),
    ...(left_out > 0 ? [`${left_out} more were not looked at.`] : []),
    ...(report.same_names_per_week > report.limits.same_names_per_week
      ? [`Renewed ${report.same_names_per_week} times a week, names meet Let's Encrypt's limit.`]
      : []),
  ];
  const fate = survives
    ? `${subject}: all survive.`
    : `${subject}: up to ${worst} would end without a successor.`;
  return [fate, ...notes].join(' ');
}

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

function spanWords(seconds: number): string {
  if (seconds >= 2 * 86_400) return counted(Math.floor(seconds / 86_400), 'day');
  return seconds >= 2 * 3_600
    ? counted(Math.floor(seconds / 3_600), 'hour')
    : counted(Math.floor(seconds / 60), 'minute');
}
