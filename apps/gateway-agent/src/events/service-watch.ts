import type { HostMetrics } from '@viw/contracts';
import type { EventSink } from './host-events';

/** A state that says nothing: whoever could tell is away. */
const UNKNOWN = 'unknown';

/** Tells when a service of this host changes its state, as telemetry sees it. The first sight is no change. */
export class ServiceWatch {
  readonly #events: EventSink;
  readonly #known = new Map<string, string>();

  constructor({ events }: { readonly events: EventSink }) {
    this.#events = events;
  }

  observe({ services = {} }: HostMetrics): void {
    for (const [service, to] of Object.entries(services)) {
      if (to === UNKNOWN) continue;
      const from = this.#known.get(service);
      this.#known.set(service, to);
      if (from !== undefined && from !== to)
        this.#events.emit('service', 'service.state', { service, from, to });
    }
  }
}
