import { setTimeout as pause } from 'node:timers/promises';
import { type KillPoint, type Victim, killPoints } from './kill-points';
import { type StrikeDeps, strike } from './strike';

export interface KillSchedule {
  /** How often each point is to be hit. */
  readonly rounds: number;
  /** The rounds begin within it. */
  readonly windowMs: number;
}

/** The points that one of these processes passes. */
export const pointsOf = (victims: readonly Victim[]): readonly KillPoint[] =>
  killPoints.filter(({ services }) => victims.some(({ service }) => services.includes(service)));

/** Hits every point in every round. @returns how many hits there were until the signal ended it */
export async function strikeAll(
  victims: readonly Victim[],
  { rounds, windowMs }: KillSchedule,
  deps: StrikeDeps,
): Promise<number> {
  const start = performance.now();
  const points = pointsOf(victims);
  const hits = await Promise.all(
    points.map(async (point, index) => {
      // One after the other within the first half of a round: a writer that is down is at no other point.
      const offset = index / points.length / 2;
      let count = 0;
      for (let round = 0; round < rounds && !deps.signal.aborted; round++) {
        const dueMs = (windowMs / rounds) * (round + offset) - (performance.now() - start);
        await pause(Math.max(0, dueMs), undefined, { signal: deps.signal }).catch(() => undefined);
        if (await strike(point, victims, deps)) count += 1;
      }
      return count;
    }),
  );
  return hits.reduce((total, count) => total + count, 0);
}
