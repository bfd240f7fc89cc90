import type { CommandBody } from '@viw/contracts';
import type { Clock } from '@viw/runtime';
import { isRetryable, poison } from '@viw/streams';
import type { BatchHandler, Delivered, Outcome } from '@viw/streams';
import type { BridgeMetrics } from '../bridge-metrics';
import type { CommandEvents } from './command-events';
import type { Dispatcher } from './dispatcher';
import { isOver } from './held-command';
import type { IngressOrder } from './ingress-order';
import type { Placement } from './placement';

export interface CommandRouterDeps {
  readonly placement: Pick<Placement, 'place'>;
  readonly order: Pick<IngressOrder, 'early'>;
  readonly events: CommandEvents;
  readonly dispatcher: Pick<Dispatcher, 'parked'>;
  readonly clock: Clock;
  readonly metrics: BridgeMetrics;
}

/**
 * `viw.commands` → the next durable home of each command; only then its entry is acknowledged. A hub that dies in
 * between makes the command arrive twice, which the agent's journal answers.
 */
export class CommandRouter {
  readonly #deps: CommandRouterDeps;

  constructor(deps: CommandRouterDeps) {
    this.#deps = deps;
  }

  readonly handle: BatchHandler<CommandBody> = async (batch) => {
    const early = await this.#deps.order.early(batch);
    const outcomes = new Map<string, Outcome>();
    /** Those of one agent one after the other. */
    const byAgent = new Map<string, Promise<void>>();
    for (const entry of batch) {
      const { agent_id } = entry.body;
      const route = async () => {
        outcomes.set(entry.id, early.has(entry.id) ? 'retry' : await this.#route(entry));
      };
      byAgent.set(agent_id, (byAgent.get(agent_id) ?? Promise.resolve()).then(route));
    }
    await Promise.all(byAgent.values());
    return outcomes;
  };

  async #route({ body: published, header, deliveryCount }: Delivered<CommandBody>): Promise<Outcome> {
    const { placement, events, dispatcher, clock, metrics } = this.#deps;
    let body = published;
    if (body.kind === 'run' && deliveryCount > 1) {
      // A hub that is gone may have placed it, and another one may have sent it from there.
      if (!(await events.tell(body, 'dispatched'))) return 'retry';
      body = { ...body, sent_before: true };
    } else if (body.kind === 'run' && isOver(body, clock.now())) {
      return (await events.tell(body, 'expired')) ? 'done' : 'retry';
    }
    try {
      const place = await placement.place(body, {
        eventId: header.event_id,
        correlationId: body.correlation_id,
        ...(header.traceparent !== undefined && { traceparent: header.traceparent }),
      });
      metrics.routed.inc({ to: place });
      if (place === 'mailbox') dispatcher.parked(body.agent_id);
      return 'done';
    } catch (error) {
      return isRetryable(error) ? 'retry' : poison('the command cannot be placed');
    }
  }
}
