import { commandEventsStream } from '@viw/contracts';
import type { CommandBody, CommandEventsBody } from '@viw/contracts';
import type { Clock, Logger } from '@viw/runtime';
import type { BridgeMetrics } from '../bridge-metrics';
import type { Publisher } from '../intake/publisher';

export interface CommandEventsDeps {
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
  readonly logger: Logger;
}

/** What happens to commands on their way, in `viw.command_events` and the log. */
export class CommandEvents {
  readonly #hub: string;
  readonly #deps: CommandEventsDeps;

  constructor({ hub }: { hub: string }, deps: CommandEventsDeps) {
    this.#hub = hub;
    this.#deps = deps;
  }

  /** True once Redis has confirmed it: then the command may leave its place. */
  async tell(
    { correlation_id, agent_id }: Pick<CommandBody, 'correlation_id' | 'agent_id'>,
    state: CommandEventsBody['state'],
    reason?: string,
  ): Promise<boolean> {
    const { publisher, clock, metrics, logger } = this.#deps;
    metrics.commandEvents.inc({ state });
    logger.info({ event: `command_${state}`, agent_id, correlation_id, reason }, `command ${state}`);
    const body = {
      correlation_id,
      agent_id,
      hub: this.#hub,
      at: new Date(clock.now()).toISOString(),
      state,
      ...(reason !== undefined && { reason }),
    };
    return publisher.confirmed(commandEventsStream, body, { correlationId: correlation_id });
  }
}
