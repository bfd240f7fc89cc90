import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import type { BridgeMetrics } from '../bridge-metrics';
import type { Connection } from '../connection/connection';
import type { ConnectionTable } from '../connection/connection-table';
import type { WorkUnderWay } from '../work-under-way';
import type { CommandEvents } from './command-events';
import type { HomelessCommand } from './held-command';
import type { HubInbox } from './hub-inbox';
import type { Placement, Undrained } from './placement';

export interface HandoverDeps {
  readonly placement: Pick<Placement, 'place' | 'drain'>;
  readonly inbox: Pick<HubInbox, 'moved'>;
  readonly events: Pick<CommandEvents, 'tell'>;
  readonly connections: ConnectionTable;
  readonly pending: WorkUnderWay;
  readonly metrics: BridgeMetrics;
  readonly logger: Logger;
}

/**
 * Moves commands between this hub's stream, mailboxes and other hubs' streams. What fails because Redis is away, or an
 * agent's id is contested, is repeated by `sweep`; until then the entry is pending where it was.
 */
export class Handover {
  readonly #deps: HandoverDeps;
  /** Of each agent the last one that is on its way. */
  readonly #giving = new Map<string, Promise<void>>();
  /** In order of arrival. */
  #failed: HomelessCommand[] = [];
  /** Connections whose mailbox is being emptied, and whether someone asked for it once more meanwhile. */
  readonly #collecting = new Map<Connection, { again: boolean }>();
  readonly #uncollected = new Set<Connection>();

  constructor(deps: HandoverDeps) {
    this.#deps = deps;
  }

  /** Calls for the same agent take effect in their order. */
  give(command: HomelessCommand): void {
    const { agent_id } = command.body;
    const given = (this.#giving.get(agent_id) ?? Promise.resolve()).then(() => this.#give(command));
    this.#giving.set(agent_id, given);
    this.#deps.pending.track(
      given.then(() => {
        if (this.#giving.get(agent_id) === given) this.#giving.delete(agent_id);
      }),
    );
  }

  /** Brings what waits in the agent's mailbox into this hub's stream. */
  collect(connection: Connection): void {
    const running = this.#collecting.get(connection);
    if (running) running.again = true;
    else this.#deps.pending.track(this.#collect(connection));
  }

  sweep(): void {
    const failed = this.#failed;
    this.#failed = [];
    for (const command of failed) this.give(command);
    const uncollected = [...this.#uncollected];
    this.#uncollected.clear();
    // One that takes no commands is collected when it is served again.
    for (const connection of uncollected)
      if (!connection.ended && connection.takesCommands) this.collect(connection);
  }

  async #give(command: HomelessCommand): Promise<void> {
    const { placement, inbox, events, connections, metrics, logger } = this.#deps;
    const { entryId, facts, body, untold } = command;
    try {
      if (untold && !(await events.tell(body, 'dispatched')))
        throw new AppError('UNAVAILABLE', 'that it may have been sent is not in Redis');
      const place = await placement.place(body, facts, {
        notHere: true,
        from: { id: entryId, state: 'pending' },
      });
      metrics.routed.inc({ to: place });
      inbox.moved(entryId);
      const connection = connections.get(body.agent_id);
      // `gone`: the answer to an attempt before this one got lost, and with it the place.
      if (place !== 'hub' && connection?.takesCommands) this.collect(connection);
    } catch (error) {
      logger.debug(
        { event: 'handover_failed', correlation_id: body.correlation_id, error },
        'tried again later',
      );
      this.#failed.push(command);
    }
  }

  async #collect(connection: Connection): Promise<void> {
    const state = { again: false };
    this.#collecting.set(connection, state);
    try {
      let left: number | Undrained = 1;
      while (!connection.ended && typeof left === 'number' && (left > 0 || state.again)) {
        state.again = false;
        left = await this.#deps.placement.drain(connection);
      }
      // The contest may be over before anyone here looks at it, so that nobody else would ask again.
      if (left === 'contested' && !connection.ended) this.#uncollected.add(connection);
    } catch (error) {
      this.#deps.logger.debug(
        { event: 'mailbox_unread', ...connection.logFields, error },
        'tried again later',
      );
      if (!connection.ended) this.#uncollected.add(connection);
    } finally {
      this.#collecting.delete(connection);
    }
  }
}
