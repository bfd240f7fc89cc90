import type { CertificateFindings } from '../ledger/certificate-ledger';
import type { Unrest } from './evidence';

/** The outcome of a run, as printed. */
export interface CertsVerdict extends CertificateFindings, Omit<Unrest, 'refused_by_redis'> {
  readonly scenario: 'certs';
  readonly seed: number;
  readonly asked: number;
  /** Workers killed at, put to sleep at, or cut off from Redis and Postgres at exactly such a point, and how many were to be. */
  readonly points_hit: number;
  readonly points_planned: number;
  /** Operations that a worker gave up when it woke up, because its token was worth nothing any more: `Round.fencedOff`. */
  readonly fenced_off: number;
  readonly sleepers: number;
  readonly refused: number;
  /** Disks are not filled where nothing may be mounted. */
  readonly disk_full: 'tried' | 'not possible here';
  readonly handshakes: number;
  readonly refused_by_redis: number;
  /** Ends of processes that the run has not caused. */
  readonly unexpected_ends: number;
  /** From the last fault until all was at rest. */
  readonly drain_s: number;
  readonly seconds: number;
}

/** What has to hold, one line each; those that do not hold make a run fail. */
export function checks(verdict: CertsVerdict): { what: string; holds: boolean }[] {
  const zero = [
    'lost',
    'duplicated',
    'phantom',
    'left_over',
    'unserved',
    'open',
    'pending',
    'unread',
    'dead_letters',
    'refused_by_redis',
    'unexpected_ends',
  ] as const;
  const { points_hit, points_planned, fenced_off, sleepers, handshakes } = verdict;
  return [
    ...zero.map((name) => ({ what: `${name} = ${verdict[name]}`, holds: verdict[name] === 0 })),
    // Otherwise the run proves little.
    { what: `${points_hit} of ${points_planned} points hit`, holds: points_hit === points_planned },
    { what: `${fenced_off} of ${sleepers} sleepers fenced off`, holds: fenced_off === sleepers },
    { what: `${handshakes} handshakes`, holds: handshakes > 100 },
  ];
}

/** What is wrong by now stays wrong. */
export const isAtRest = ({ open, pending, unread, left_over }: CertsVerdict): boolean =>
  open + pending + unread + left_over === 0;

export const isSound = (verdict: CertsVerdict): boolean => checks(verdict).every(({ holds }) => holds);

export const table = (verdict: CertsVerdict): string =>
  [
    `${verdict.scenario}, seed ${verdict.seed}`,
    ...checks(verdict).map(({ what, holds }) => `  ${holds ? 'ok  ' : 'FAIL'}  ${what}`),
    `  ${verdict.asked} requests, ${verdict.refused} of them for servers that cannot take them (disk full: ${verdict.disk_full}), ` +
      `at rest after ${verdict.drain_s} s, ${verdict.seconds} s in all`,
    ...verdict.examples.map((line) => `  ${line}`),
  ].join('\n');
