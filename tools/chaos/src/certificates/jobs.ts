import { Chance } from '../chance';
import { type PointName, holdsServer } from './points';

export type Challenge = 'http-01' | 'dns-01';

/** What is wrong with the server that a certificate is for. */
export type ServerFault = 'disk full' | 'broken configuration' | 'reload keeps the old';

/** `dies`: at its point. `sleeps`: there, and wakes up fenced off. `outage`: Redis and Postgres go meanwhile. */
export type Fate = 'dies' | 'sleeps' | 'outage' | 'refused';

/** One request for one certificate for one virtual host. */
export interface Job {
  readonly site: string;
  readonly challenge: Challenge;
  readonly fate: Fate;
  /** Where it is when its fate comes. */
  readonly point?: PointName;
  readonly fault?: ServerFault;
  /** How often the relay publishes its request. */
  readonly times: number;
  /** Its server: jobs that would wait for each other's have one each. */
  readonly server: number;
}

export interface CertsMeasure {
  /** Rounds of deaths, sleepers, outage and refusals, each with certificates of its own. */
  readonly rounds: number;
  readonly dies: readonly PointName[];
  readonly sleeps: readonly PointName[];
  readonly outage: readonly PointName[];
  readonly refused: readonly ServerFault[];
  /** How long the operations of a dead worker wait for another, seconds. */
  readonly leaseS: number;
  /** From the last fault to rest. */
  readonly drainMs: number;
}

const deaths = [
  'order stored',
  'challenge presented',
  'challenge presented',
  'challenge under way',
  'order finalized',
  'certificate downloaded',
  'about to save',
  'certificate saved',
  'uploaded',
  'switched',
  'reloaded',
  'proved',
  'switched back',
  'ended, not acknowledged',
] as const satisfies readonly PointName[];

const outage = ['challenge presented', 'challenge under way', 'order finalized'] as const;
const refused = ['disk full', 'broken configuration', 'reload keeps the old'] as const;

export const certsMeasures = {
  quick: {
    rounds: 1,
    dies: deaths,
    sleeps: ['claiming', 'about to save', 'about to save', 'uploaded', 'switched'],
    outage,
    refused,
    leaseS: 5,
    drainMs: 90_000,
  },
  full: {
    rounds: 4,
    dies: deaths,
    sleeps: ['claiming', 'order stored', 'about to save', 'about to save', 'uploaded', 'switched', 'proved'],
    outage,
    refused,
    leaseS: 15,
    drainMs: 180_000,
  },
} satisfies Record<string, CertsMeasure>;

export const zone = 'chaos.example';

/** Jobs of one round, in the order in which they are asked for; a pure function of its arguments. */
export function planJobs(
  measure: Pick<CertsMeasure, 'dies' | 'sleeps' | 'outage' | 'refused'>,
  { seed, round }: { readonly seed: number; readonly round: number },
): Job[] {
  const chance = new Chance(seed + round);
  let servers = 1;
  let count = 0;
  const job = (fate: Fate, { point, fault }: Pick<Job, 'point' | 'fault'>): Job => {
    const index = count++;
    // A configuration is broken for all that is on the server, and anybody's reload loads everybody's certificate.
    const spreads = fault === 'broken configuration' || fault === 'reload keeps the old';
    const apart = spreads || (point !== undefined && holdsServer.has(point));
    return {
      site: `r${round}-${index}.${zone}`,
      // In turns from a random one on: both challenges come at each point that comes twice.
      challenge: (index + seed) % 2 === 0 ? 'http-01' : 'dns-01',
      fate,
      times: fate === 'refused' ? 1 : chance.int(1, 3),
      server: apart ? servers++ : 0,
      ...(point !== undefined && { point }),
      ...(fault !== undefined && { fault }),
    };
  };
  return chance.shuffled([
    ...measure.sleeps.map((point) => job('sleeps', { point })),
    // Nothing is switched back where all is well.
    ...measure.dies.map((point) =>
      job('dies', { point, ...(point === 'switched back' && { fault: 'reload keeps the old' }) }),
    ),
    ...measure.outage.map((point) => job('outage', { point })),
    ...measure.refused.map((fault) => job('refused', { fault })),
  ]);
}
