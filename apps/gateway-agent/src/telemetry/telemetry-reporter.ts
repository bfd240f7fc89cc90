import { limits } from '@viw/contracts';
import type { AgentFrame, HostMetrics, TelemetryFrame } from '@viw/contracts';
import type { Clock, Logger } from '@viw/runtime';
import { telemetryFrame } from './telemetry-frame';

export interface TelemetryReporterOptions {
  readonly agentId: string;
  /** Milliseconds between two frames. Default 30 s. */
  readonly intervalMs?: number;
}

export interface TelemetryReporterDeps {
  readonly reader: { read(): Promise<HostMetrics> };
  /** False when there is no session now. */
  readonly uplink: { send(frame: AgentFrame): boolean };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of each reading. */
  readonly onMetrics?: (metrics: HostMetrics) => void;
}

/**
 * Reports the host at a steady pace. While there is no session only the newest frame is kept, in memory: telemetry is
 * about now, and nothing about a host is left on its disk.
 */
export class TelemetryReporter {
  readonly #options: TelemetryReporterOptions;
  readonly #deps: TelemetryReporterDeps;
  #seq = 0;
  #unsent: TelemetryFrame | undefined;
  #reading = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TelemetryReporterOptions, deps: TelemetryReporterDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** The first frame is read at once. */
  start(): void {
    this.#timer = setInterval(() => void this.#report(), this.#options.intervalMs ?? limits.telemetryEveryMs);
    void this.#report();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A session has begun: sends the newest frame if it has not been sent. */
  flush(): void {
    if (this.#unsent !== undefined && this.#deps.uplink.send(this.#unsent)) this.#unsent = undefined;
  }

  async #report(): Promise<void> {
    // A host so slow that one reading outlasts the interval is not given a second one.
    if (this.#reading) return;
    this.#reading = true;
    try {
      const metrics = await this.#deps.reader.read();
      this.#deps.onMetrics?.(metrics);
      const now = this.#deps.clock.now();
      this.#unsent = telemetryFrame({ agentId: this.#options.agentId, seq: ++this.#seq, now, metrics });
      this.flush();
    } catch (error) {
      this.#deps.logger.error({ event: 'telemetry_failed', error }, 'the host cannot be read');
    } finally {
      this.#reading = false;
    }
  }
}
