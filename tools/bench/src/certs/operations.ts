import { type OperationKind, certEventsStream, certRequestsStream, streams } from '@viw/contracts';
import { OperationRepository } from '@viw/database';
import { type StreamProducer, decodeEntry } from '@viw/streams';
import type { World } from '../world';

/**
 * Orders work on certificates as the backend and its relay do, and learns of its end from `viw.cert_events`, which a worker
 * writes after the end is committed: by then a new certificate is stored, a deployed one has been seen.
 */
export class Operations {
  readonly #world: World;
  readonly #producer: StreamProducer;
  readonly #waiting = new Map<string, { done: () => void; failed: (error: Error) => void }>();
  #stopped = false;

  constructor(deps: { readonly world: World; readonly producer: StreamProducer }) {
    this.#world = deps.world;
    this.#producer = deps.producer;
  }

  start(): void {
    const reader = this.#world.redis.duplicate();
    const read = this.#follow(reader);
    this.#world.undo.push(async () => {
      this.#stopped = true;
      reader.disconnect();
      await read;
    });
  }

  /** @returns milliseconds from the order to its proved end. @throws Error when the operation failed */
  async run(kind: OperationKind, certificateId: string): Promise<number> {
    const begin = performance.now();
    const id = await new OperationRepository({ db: this.#world.db }).create({
      certificate_id: certificateId,
      kind,
      issued_by: { kind: 'system', id: 'bench', name: 'bench' },
    });
    const end = new Promise<void>((done, failed) => this.#waiting.set(id, { done, failed }));
    await this.#producer.publish(certRequestsStream, {
      operation_id: id,
      certificate_id: certificateId,
      kind,
    });
    await end;
    return performance.now() - begin;
  }

  async #follow(reader: World['redis']): Promise<void> {
    let last = '0-0';
    while (!this.#stopped) {
      const answer = await reader
        .xread('COUNT', 500, 'BLOCK', 1_000, 'STREAMS', streams.certEvents, last)
        .catch(() => null);
      for (const [id, fields] of answer?.[0]?.[1] ?? []) {
        last = id;
        const { body } = decodeEntry(certEventsStream, fields);
        if (body.event !== 'finished') continue;
        const waiting = this.#waiting.get(body.operation_id);
        this.#waiting.delete(body.operation_id);
        if (body.outcome === 'succeeded') waiting?.done();
        else waiting?.failed(new Error(`an operation failed: ${body.error?.msg ?? ''}`));
      }
    }
  }
}
