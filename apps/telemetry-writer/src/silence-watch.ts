import type { GatewayTelemetryRepository } from '@viw/database';
import type { Component, Logger } from '@viw/runtime';
import { sleep } from '@viw/runtime';
import type { ChangeAnnouncer } from '@viw/streams';
import type { Backlog } from './backlog';

const LOOK_EVERY_MS = 5_000;
/** With more entries than this unread, silence may be ours and not the gateways'. */
const READ_UP = 100;

export interface SilenceWatchDeps {
  readonly telemetry: GatewayTelemetryRepository;
  readonly changes: ChangeAnnouncer;
  readonly backlog: Backlog;
  readonly logger: Logger;
}

/** Declares gateways lost of which nothing was heard for long, whatever died: the agent, its network or its hub. */
export class SilenceWatch implements Component {
  readonly name = 'silence-watch';
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(
    private readonly options: { lostAfterSeconds: number },
    private readonly deps: SilenceWatchDeps,
  ) {}

  start(): void {
    this.#loop ??= this.#run(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { logger } = this.deps;
    while (!signal.aborted) {
      await this.#look().catch((error: unknown) => {
        logger.warn({ event: 'silence_check_failed', error }, 'cannot tell which gateways are silent');
      });
      await sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { backlog, telemetry, changes, logger } = this.deps;
    const unread = await backlog.entries();
    if (unread > READ_UP) {
      logger.info({ event: 'silence_check_skipped', unread }, 'not read up yet');
      return;
    }
    const lost = await telemetry.markSilentAsLost(this.options.lostAfterSeconds);
    if (lost.length === 0) return;
    logger.warn(
      { event: 'gateways_lost', agent_ids: lost.slice(0, 50), count: lost.length },
      'gateways went silent',
    );
    changes.announce(lost.map((id) => ({ kind: 'gateway', id })));
  }
}
