import type { GatewayTelemetryRepository } from '@viw/database';
import type { Logger } from '@viw/runtime';
import { PeriodicTask } from '@viw/runtime';
import type { ChangeAnnouncer } from '@viw/streams';
import type { Backlog } from './backlog';

/** With more entries than this unread, silence may be ours and not the gateways'. */
const READ_UP = 100;

export interface SilenceWatchDeps {
  readonly telemetry: GatewayTelemetryRepository;
  readonly changes: ChangeAnnouncer;
  readonly backlog: Backlog;
  readonly logger: Logger;
}

/** Declares gateways lost of which nothing was heard for long, whatever died: the agent, its network or its hub. */
export const silenceWatch = (
  { lostAfterSeconds }: { readonly lostAfterSeconds: number },
  { telemetry, changes, backlog, logger }: SilenceWatchDeps,
): PeriodicTask =>
  new PeriodicTask(
    { name: 'silence-watch', everyMs: 5_000, failureEvent: 'silence_check_failed' },
    {
      async run() {
        const unread = await backlog.entries();
        if (unread > READ_UP) {
          logger.info({ event: 'silence_check_skipped', unread }, 'not read up yet');
          return;
        }
        const lost = await telemetry.markSilentAsLost(lostAfterSeconds);
        if (lost.length === 0) return;
        logger.warn(
          { event: 'gateways_lost', agent_ids: lost.slice(0, 50), count: lost.length },
          'gateways went silent',
        );
        changes.announce(lost.map((id) => ({ kind: 'gateway', id })));
      },
      logger,
    },
  );
