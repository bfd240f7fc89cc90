import { setTimeout as pause } from 'node:timers/promises';

export interface Lanes<F> {
  /** Faults of one lane wait for each other; those of different lanes overlap. */
  readonly laneOf: (fault: F) => string;
  /** Resolves when the fault is over and its target is whole again. */
  readonly inflict: (fault: F) => Promise<void>;
  readonly begun: (fault: F, atMs: number) => void;
}

/**
 * Lets each fault happen at its time, or as soon after it as its lane is free. Resolves when all are over; rejects then
 * when one of them could not be carried out.
 */
export async function carryOut<F extends { readonly atMs: number }>(
  plan: readonly F[],
  { laneOf, inflict, begun }: Lanes<F>,
): Promise<void> {
  const start = performance.now();
  const lanes = new Map<string, Promise<void>>();
  const turns: Promise<void>[] = [];
  for (const fault of [...plan].sort((a, b) => a.atMs - b.atMs)) {
    await pause(Math.max(0, fault.atMs - (performance.now() - start)));
    const lane = laneOf(fault);
    const turn = (lanes.get(lane) ?? Promise.resolve()).then(() => {
      begun(fault, performance.now() - start);
      return inflict(fault);
    });
    // A failure is reported at the end; what comes after it in its lane is tried all the same.
    lanes.set(
      lane,
      turn.catch(() => undefined),
    );
    turns.push(turn);
    turn.catch(() => undefined);
  }
  await Promise.all(turns);
}
