import { commandResultsStream } from '@viw/contracts';
import type { ResultFrame } from '@viw/contracts';
import type { Clock, Logger } from '@viw/runtime';
import type { Connection } from '../connection/connection';
import type { WorkUnderWay } from '../work-under-way';
import type { Dispatcher } from '../routing/dispatcher';
import type { Publisher } from './publisher';
import type { LastFrames } from '../ops/last-frames';

export interface ResultIntakeDeps {
  readonly publisher: Publisher;
  readonly dispatcher: Pick<Dispatcher, 'finished'>;
  readonly recent: LastFrames;
  readonly pending: WorkUnderWay;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * RESULT → `viw.command_results`. Only when Redis has confirmed it the agent may forget it (RESULT_ACK) and the command
 * itself leaves Redis; without RESULT_ACK the agent sends it again.
 */
export class ResultIntake {
  readonly #hub: string;
  readonly #deps: ResultIntakeDeps;

  constructor({ hub }: { hub: string }, deps: ResultIntakeDeps) {
    this.#hub = hub;
    this.#deps = deps;
  }

  take(connection: Connection, frame: ResultFrame): void {
    this.#deps.recent.finished(connection.agentId, frame);
    this.#deps.pending.track(this.#store(connection, frame));
  }

  async #store(connection: Connection, frame: ResultFrame): Promise<void> {
    const { publisher, clock, dispatcher, logger } = this.#deps;
    const { type: _type, ...result } = frame;
    const { correlation_id, result_id, rc, duration_ms } = frame;
    const received_at = new Date(clock.now()).toISOString();
    const body = { ...connection.facts(this.#hub), received_at, result };
    if (!(await publisher.confirmed(commandResultsStream, body, { correlationId: correlation_id }))) return;
    connection.send({ type: 'RESULT_ACK', result_id, correlation_id });
    logger.info(
      { event: 'result', ...connection.logFields, correlation_id, rc, duration_ms },
      'result stored',
    );
    dispatcher.finished(connection.agentId, correlation_id);
  }
}
