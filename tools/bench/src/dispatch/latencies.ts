import type { CommandArrival } from '@viw/simulator';
import type { GivenCommand } from './command-load';

/** Milliseconds from the moment at which a command was due to be asked for. */
export interface Latencies {
  /** The answer of the API. */
  readonly accepted: readonly number[];
  readonly arrival: readonly number[];
  readonly visible: readonly number[];
}

/**
 * @param lastChangeAt of a command in the API's event stream
 * @throws Error when a command did not arrive exactly once, arrived without having been given, or never became visible
 */
export function latenciesOf(
  given: readonly GivenCommand[],
  arrivals: readonly CommandArrival[],
  lastChangeAt: (correlationId: string) => number | undefined,
): Latencies {
  const arrivedAt = new Map(arrivals.map(({ correlationId, at }) => [correlationId, at]));
  if (arrivals.length !== given.length || arrivedAt.size !== given.length)
    throw new Error(
      `${given.length} commands were accepted, ${arrivedAt.size} arrived in ${arrivals.length} deliveries`,
    );
  const arrival: number[] = [];
  const visible: number[] = [];
  for (const { correlationId, dueAt } of given) {
    const at = arrivedAt.get(correlationId);
    const seenAt = lastChangeAt(correlationId);
    if (at === undefined) throw new Error(`${correlationId} did not arrive`);
    if (seenAt === undefined || seenAt < at)
      throw new Error(`the result of ${correlationId} was not announced`);
    arrival.push(at - dueAt);
    visible.push(seenAt - dueAt);
  }
  return { accepted: given.map(({ dueAt, acceptedAt }) => acceptedAt - dueAt), arrival, visible };
}
