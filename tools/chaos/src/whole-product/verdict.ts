import type { Unrest } from './evidence';

/** The outcome of a run, as printed. */
export interface CommandsVerdict extends Omit<Unrest, 'refused_by_redis'> {
  readonly scenario: 'commands';
  readonly seed: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly phantom: number;
  /** Commands that clients asked for, those whose 202 they saw, and those refused for good. */
  readonly asked: number;
  readonly accepted: number;
  readonly refused: number;
  /** Commands by their end. `unknown`: delivered, outcome never learned. */
  readonly succeeded: number;
  readonly failed: number;
  readonly denied: number;
  readonly timeout: number;
  readonly expired: number;
  readonly cancelled: number;
  readonly unknown: number;
  /** Executions that left a trace on a host, and how many of them belong to commands that ended as `unknown`. */
  readonly effects: number;
  readonly unknown_done: number;
  /** Results that came after their command had ended. */
  readonly late_results: number;
  /** Commands for which an account had no right in Redis. */
  readonly refused_by_redis: number;
  readonly faults: number;
  /** Ends of processes that the nemesis has not caused. */
  readonly unexpected_ends: number;
  /** From the end of load and faults until all was at rest. */
  readonly drain_s: number;
  readonly seconds: number;
  readonly examples: readonly string[];
}

/** What has to hold, one line each; those that do not hold make a run fail. */
export function checks(verdict: CommandsVerdict): { what: string; holds: boolean }[] {
  const zero = [
    'lost',
    'duplicated',
    'phantom',
    'refused',
    'dead_letters',
    'pending',
    'unread',
    'waiting',
    'unpublished',
    'refused_by_redis',
  ] as const;
  const { accepted, asked, succeeded } = verdict;
  return [
    ...zero.map((name) => ({ what: `${name} = ${verdict[name]}`, holds: verdict[name] === 0 })),
    // Otherwise the run proves little.
    { what: `${accepted} of ${asked} commands accepted`, holds: accepted * 2 > asked },
    { what: `${succeeded} succeeded`, holds: succeeded * 2 > accepted },
  ];
}

/** Every command has ended and nothing is under way: what is wrong by now stays wrong. */
export const isAtRest = ({ lost, pending, unread, waiting, unpublished }: CommandsVerdict): boolean =>
  lost + pending + unread + waiting + unpublished === 0;

export const isSound = (verdict: CommandsVerdict): boolean => checks(verdict).every(({ holds }) => holds);

export function table(verdict: CommandsVerdict): string {
  const rows = checks(verdict).map(({ what, holds }) => `  ${holds ? 'ok  ' : 'FAIL'}  ${what}`);
  const ends = (['succeeded', 'failed', 'denied', 'timeout', 'expired', 'cancelled', 'unknown'] as const).map(
    (end) => `${end} ${verdict[end]}`,
  );
  return [
    `${verdict.scenario}, seed ${verdict.seed}`,
    ...rows,
    `  ends: ${ends.join(', ')} (${verdict.unknown_done} of the unknown were done)`,
    `  ${verdict.effects} effects on hosts, ${verdict.late_results} late results, ${verdict.faults} faults, ` +
      `${verdict.unexpected_ends} processes ended by themselves, ` +
      `at rest after ${verdict.drain_s} s, ${verdict.seconds} s in all`,
    ...verdict.examples.map((line) => `  ${line}`),
  ].join('\n');
}
