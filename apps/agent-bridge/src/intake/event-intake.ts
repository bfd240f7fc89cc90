import { agentEventsStream } from '@viw/contracts';
import type { EventFrame } from '@viw/contracts';
import type { Clock } from '@viw/runtime';
import type { Connection } from '../connection/connection';
import type { Publisher } from './publisher';

/** EVENT → `viw.agent_events`. The protocol has no acknowledgement for it. */
export class EventIntake {
  readonly #hub: string;
  readonly #deps: { readonly publisher: Publisher; readonly clock: Clock };

  constructor({ hub }: { hub: string }, deps: { readonly publisher: Publisher; readonly clock: Clock }) {
    this.#hub = hub;
    this.#deps = deps;
  }

  take(connection: Connection, { type: _type, ...event }: EventFrame): void {
    const received_at = new Date(this.#deps.clock.now()).toISOString();
    void this.#deps.publisher.confirmed(agentEventsStream, {
      ...connection.facts(this.#hub),
      received_at,
      event,
    });
  }
}
