import { AppError } from '@viw/runtime';
import type { StreamConsumer } from './consumer';

/** Readiness check of a process that consumes. @throws AppError UNAVAILABLE naming a consumer that cannot read */
export async function consumersReady(
  consumers: readonly Pick<StreamConsumer<never>, 'name' | 'state'>[],
): Promise<void> {
  const waiting = consumers.find((each) => each.state === 'connecting');
  if (waiting) throw new AppError('UNAVAILABLE', `${waiting.name} cannot read from Redis`);
}
