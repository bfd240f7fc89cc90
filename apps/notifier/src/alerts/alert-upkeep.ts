import { advisoryLocks, neverCleared } from '@viw/contracts';
import { ElectedTask } from '@viw/database';
import type { AlertTransition } from '@viw/database';
import type { Component, Logger } from '@viw/runtime';
import { failingAlert } from '../deliver/failing-alert';
import type { Repositories, Store } from '../store';
import type { AlertChanges } from './alert-changes';

export interface AlertUpkeepOptions {
  /** Straight to Postgres, for the lock. */
  readonly databaseUrl: string;
  /** From the end of one turn to the next, milliseconds. */
  readonly everyMs: number;
}

export interface AlertUpkeepDeps {
  readonly store: Store;
  readonly alertChanges: AlertChanges;
  /** Rejects while this process does not read the stream of alerts. */
  readonly assertReading: () => Promise<void>;
  readonly logger: Logger;
}

/** Retention, days: resolved alerts; marks of keys; what was delivered or given up. */
const RESOLVED_DAYS = 90;
const MARKS_DAYS = 30;
const DELIVERED_DAYS = 30;
/** What nobody could be told of for so long is no news. */
const WAITED_DAYS = 3;
/** Of one channel. */
const WAITING_MAX = 10_000;
const PER_TURN = 1_000;
/** Of what is never cleared, an acknowledged one ends when it was quiet for a day. */
const QUIET_S = 86_400;

/**
 * Ends of alerts that no writer tells of, retention, and the time at which people can see that somebody reads what is raised. One
 * notifier at a time.
 */
export function alertUpkeep({ databaseUrl, everyMs }: AlertUpkeepOptions, deps: AlertUpkeepDeps): Component {
  return new ElectedTask(
    {
      name: 'alert-upkeep',
      databaseUrl,
      applicationName: 'notifier',
      key: advisoryLocks.alertUpkeep,
      everyMs,
      standbyMs: Math.min(everyMs, 10_000),
      backoff: { baseMs: 1_000, capMs: 30_000 },
      failureEvent: 'alert_upkeep_failed',
    },
    { run: () => upkeep(deps), logger: deps.logger },
  );
}

async function upkeep(deps: AlertUpkeepDeps): Promise<void> {
  const { store, alertChanges, assertReading, logger } = deps;
  const { alertUpkeep, queue } = store.repositories;
  await alertChanges.make((repositories) => repositories.alertUpkeep.resolveGone(PER_TURN));
  await alertChanges.make((repositories) =>
    repositories.alertUpkeep.resolveQuiet(neverCleared, QUIET_S, PER_TURN),
  );
  await alertChanges.make((repositories) => giveUp(repositories, logger));
  await alertUpkeep.prune({ resolvedDays: RESOLVED_DAYS, marksDays: MARKS_DAYS, limit: PER_TURN });
  await queue.prune(DELIVERED_DAYS, PER_TURN);
  await assertReading();
  await alertUpkeep.markEvaluated();
}

async function giveUp({ queue, alertIntake }: Repositories, logger: Logger): Promise<AlertTransition[]> {
  const channels = await queue.giveUp({ waitedDays: WAITED_DAYS, perChannel: WAITING_MAX });
  if (channels.length > 0)
    logger.warn({ event: 'notifications_given_up', channels }, 'too old or too many to be delivered');
  return alertIntake.apply(
    channels.map(({ id, name }) =>
      failingAlert(id, 'raised', `Notifications were not delivered in time: ${name}`),
    ),
  );
}
