import { jsonText, telemetryBodyText, telemetryStream } from '@viw/contracts';
import type { JsonText, TelemetryFrame, TelemetryPoint } from '@viw/contracts';
import type { Clock, Component } from '@viw/runtime';
import type { Connection } from '../connection/connection';
import type { WorkUnderWay } from '../work-under-way';
import type { Publisher } from './publisher';
import type { ReadPause } from './read-pause';
import type { LastFrames } from '../ops/last-frames';

/** Frames of all sockets within this time travel in one entry. */
const GATHER_MS = 20;
const MAX_FRAMES = 100;

export interface TelemetryIntakeDeps {
  readonly publisher: Publisher;
  readonly recent: LastFrames;
  readonly readPause: Pick<ReadPause, 'taken'>;
  readonly pending: WorkUnderWay;
  readonly clock: Clock;
}

/** The frame as it will stand in the entry: the text is made once, and nothing else of the frame is kept. */
interface Gathered {
  readonly connection: Connection;
  readonly seq: number;
  readonly text: JsonText<TelemetryPoint>;
}

/**
 * TELEMETRY → `viw.telemetry`, in small batches of the whole hub. `ackSeq` of a connection rises only after Redis has
 * confirmed the entry; what was dropped because Redis stayed away too long is never acknowledged by itself.
 */
export class TelemetryIntake implements Component {
  readonly name = 'telemetry-intake';
  readonly #hub: string;
  readonly #deps: TelemetryIntakeDeps;
  #gathered: Gathered[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor({ hub }: { hub: string }, deps: TelemetryIntakeDeps) {
    this.#hub = hub;
    this.#deps = deps;
  }

  start(): void {
    // Begins with the first frame.
  }

  stop(): void {
    this.#flush();
  }

  take(connection: Connection, { seq = connection.lastSeq + 1, ts, metrics }: TelemetryFrame): void {
    connection.lastSeq = Math.max(connection.lastSeq, seq);
    const { session_id, epoch } = connection.facts(this.#hub);
    const received_at = new Date(this.#deps.clock.now()).toISOString();
    const { agentId } = connection;
    const text = jsonText({ agent_id: agentId, session_id, epoch, seq, ts, received_at, metrics });
    this.#deps.recent.telemetry(agentId, text);
    this.#gathered.push({ connection, seq, text });
    if (this.#gathered.length >= MAX_FRAMES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
    this.#deps.readPause.taken(connection);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#gathered;
    this.#gathered = [];
    if (batch.length > 0) this.#deps.pending.track(this.#publish(batch));
  }

  async #publish(batch: readonly Gathered[]): Promise<void> {
    const body = telemetryBodyText(
      this.#hub,
      batch.map(({ text }) => text),
    );
    const { publisher } = this.#deps;
    if (!(await publisher.confirmedValidated(telemetryStream, body, { priority: 'telemetry' }))) return;
    for (const { connection, seq } of batch) connection.ackSeq = Math.max(connection.ackSeq ?? 0, seq);
  }
}
