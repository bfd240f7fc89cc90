import type { ScenarioName } from './scenario';

/** The outcome of a run, as printed. */
export interface Verdict {
  readonly scenario: ScenarioName;
  readonly seed: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly phantom: number;
  readonly disordered: number;
  /** Distinct entries set aside. */
  readonly dead_letters: number;
  readonly planted: number;
  readonly dead_unplanted: number;
  /** Entries handed to the producer, and those that Redis has confirmed. */
  readonly sent: number;
  readonly acknowledged: number;
  /** Effects that had to be found, and rows that were. */
  readonly promised: number;
  readonly stored: number;
  readonly faults: number;
  /** Deaths at an exact point, and how many were planned. */
  readonly kill_points: number;
  readonly kill_points_planned: number;
  /** Entries that the auditing group saw, and how many of them repeat an event id. */
  readonly audited: number;
  readonly resent: number;
  readonly pending: number;
  /** Streams that a group has not read to the end. */
  readonly unread: number;
  readonly stream_entries: number;
  /** More entries than this show that nobody trims, or that a producer floods. */
  readonly stream_entries_limit: number;
  readonly redis_mb: number;
  /** Commands for which an account had no right. */
  readonly refused_by_redis: number;
  /** Peak of the largest writer. */
  readonly writer_rss_mb: number;
  /** Ends of writers that the nemesis has not caused. */
  readonly unexpected_ends: number;
  /** From the end of load and faults until the books balanced. */
  readonly drain_s: number;
  readonly seconds: number;
  readonly examples: readonly string[];
}

const WRITER_RSS_LIMIT_MB = 512;
const REDIS_LIMIT_MB = 512;

/** What has to hold, one line each; those that do not hold make a run fail. */
export function checks(verdict: Verdict): { what: string; holds: boolean }[] {
  const zero = (
    [
      'lost',
      'duplicated',
      'phantom',
      'disordered',
      'dead_unplanted',
      'pending',
      'unread',
      'refused_by_redis',
    ] as const
  ).map((name) => ({ what: `${name} = ${verdict[name]}`, holds: verdict[name] === 0 }));
  const { dead_letters, planted, acknowledged, sent, stream_entries, writer_rss_mb, redis_mb } = verdict;
  const { kill_points, kill_points_planned, audited, stream_entries_limit } = verdict;
  return [
    ...zero,
    { what: `dead letters ${dead_letters} of ${planted} planted`, holds: dead_letters === planted },
    { what: `${acknowledged} of ${sent} publishes acknowledged`, holds: acknowledged > 0 },
    {
      what: `${kill_points} of ${kill_points_planned} kill points hit`,
      holds: kill_points === kill_points_planned,
    },
    { what: `${audited} entries audited`, holds: audited >= acknowledged },
    {
      what: `${stream_entries} entries in the streams, at most ${stream_entries_limit}`,
      holds: stream_entries <= stream_entries_limit,
    },
    { what: `writers at most ${writer_rss_mb} MiB`, holds: writer_rss_mb < WRITER_RSS_LIMIT_MB },
    { what: `Redis at ${redis_mb} MiB`, holds: redis_mb < REDIS_LIMIT_MB },
    {
      what: `${verdict.unexpected_ends} writers ended by themselves`,
      holds: verdict.unexpected_ends === 0 || verdict.faults > 0,
    },
  ];
}

export const isSound = (verdict: Verdict): boolean => checks(verdict).every(({ holds }) => holds);

export function table(verdict: Verdict): string {
  const rows = checks(verdict).map(({ what, holds }) => `  ${holds ? 'ok  ' : 'FAIL'}  ${what}`);
  const facts = `  ${verdict.promised} effects promised, ${verdict.stored} rows, ${verdict.faults} faults, caught up after ${verdict.drain_s} s, ${verdict.seconds} s in all`;
  return [
    `${verdict.scenario}, seed ${verdict.seed}`,
    ...rows,
    facts,
    ...verdict.examples.map((line) => `  ${line}`),
  ].join('\n');
}
