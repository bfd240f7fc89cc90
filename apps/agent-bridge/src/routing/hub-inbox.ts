import { groups, hubEntriesStream, hubStream } from '@viw/contracts';
import type { CommandBody, HubEntryBody } from '@viw/contracts';
import type { Component, Logger, Metrics } from '@viw/runtime';
import { StreamConsumer } from '@viw/streams';
import type { BatchHandler, Delivered } from '@viw/streams';
import type { WorkUnderWay } from '../work-under-way';
import type { Placement } from './placement';

export interface HubInboxOptions {
  readonly hub: string;
  readonly redisUrl: string;
}

export interface HubInboxDeps {
  /** Must hold every entry it takes. */
  readonly handler: BatchHandler<CommandBody>;
  /** A connection of this hub has been replaced at another one. */
  readonly onReplaced: (replaced: { readonly agent_id: string; readonly epoch: number }) => void;
  /** Held entries that another hub has taken over. */
  readonly onLost: (entryIds: readonly string[]) => void;
  readonly placement: Pick<Placement, 'discard'>;
  readonly pending: WorkUnderWay;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** This hub's own stream. Its entries stay pending while a command is with the hub; after a restart they come again. */
export class HubInbox implements Component {
  readonly name = 'hub-inbox';
  readonly #deps: HubInboxDeps;
  readonly #consumer: StreamConsumer<typeof hubEntriesStream>;

  constructor({ hub, redisUrl }: HubInboxOptions, deps: HubInboxDeps) {
    this.#deps = deps;
    const { onLost, logger, metrics } = deps;
    this.#consumer = new StreamConsumer(
      {
        contract: hubEntriesStream,
        stream: hubStream(hub),
        group: groups.agentBridge,
        consumer: hub,
        batchSize: 100,
        stopTimeoutMs: 3_000,
        // After a lapse the entries at hand are asked about again until the hub may decide: no longer than it takes.
        backoff: { baseMs: 50, capMs: 500 },
      },
      { redisUrl, handler: this.#handle, onLost, logger, metrics },
    );
  }

  /** Of its consumer. */
  get state() {
    return this.#consumer.state;
  }

  start(): void {
    this.#consumer.start();
  }

  stop(): Promise<void> {
    return this.#consumer.stop();
  }

  /** The command is finished here. Repeated by the consumer when Redis is away; then `deleteFinished` deletes the entry. */
  settle(entryId: string): void {
    this.#deps.pending.track(this.#settle(entryId));
  }

  /** The script that moved the command has acknowledged its entry. */
  moved(entryId: string): void {
    this.#deps.pending.track(this.#consumer.acknowledge([entryId]));
  }

  /** What is held here and has been taken over by another hub is told to `onLost`. Rejects without Redis. */
  verifyOwnership(): Promise<void> {
    return this.#consumer.verifyOwnership();
  }

  readonly #handle: BatchHandler<HubEntryBody> = async (batch, context) => {
    const commands: Delivered<CommandBody>[] = [];
    for (const entry of batch) {
      const { body } = entry;
      if (body.kind !== 'replaced') commands.push({ ...entry, body });
      else {
        this.#deps.onReplaced(body);
        this.settle(entry.id);
      }
    }
    const outcomes = await this.#deps.handler(commands, context);
    return new Map(batch.map(({ id }) => [id, outcomes?.get(id) ?? 'hold']));
  };

  async #settle(entryId: string): Promise<void> {
    // An id that is still pending must not lose its entry.
    if (!(await this.#consumer.acknowledge([entryId]))) return;
    await this.#deps.placement.discard([entryId]).catch(() => undefined);
  }
}
