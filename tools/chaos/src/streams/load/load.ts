import type { StreamName } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import type { Findings } from '../../ledger/findings';
import type { Published } from '../../ledger/stream-ledger';
import type { AuditedEntry } from '../../world/auditing-group';

/** What hubs do to a writer: traffic, its books, and their comparison with what the writer has stored. */
export interface Load {
  /** Streams it writes to itself: poison is planted there, and their groups are destroyed. */
  readonly streams: readonly StreamName[];
  /** All whose entries are counted and have to be read up in the end. */
  readonly auditedStreams: readonly StreamName[];
  readonly sent: number;
  readonly acknowledged: number;
  /** What it has published itself. */
  readonly published: Published;
  /** Whether a service has added this entry on its behalf. */
  expects(entry: AuditedEntry): boolean;
  /**
   * What stands in a stream has been accepted, whether or not the producer got the reply: from now on its effect is
   * promised.
   */
  witness(entries: readonly AuditedEntry[]): void;
  prepare(): Promise<void>;
  /** Open loop: what is due is sent, however slow the answers are. Resolves when all has been handed over. */
  run(windowMs: number): Promise<void>;
  /** Resolves when Redis has confirmed or refused everything. */
  settled(): Promise<void>;
  audit(): Promise<Findings>;
  /** Ends what it keeps running beside its traffic. */
  stop?(): Promise<void>;
}

interface Publish {
  acknowledged: boolean;
  /** Notes in the books that the effect is promised. */
  readonly promise: () => void;
}

/** Publishes under way, and how many were confirmed. */
export class Publishes {
  acknowledged = 0;
  readonly #all = new Map<string, Publish>();
  readonly #open = new Set<Promise<void>>();

  get sent(): number {
    return this.#all.size;
  }

  get all(): Published {
    return this.#all;
  }

  /**
   * @param publish under this event id
   * @param promise called when Redis has confirmed, or when the entry was seen in the stream; a refusal is no promise
   */
  track(publish: (eventId: string) => Promise<string>, promise: () => void): void {
    const eventId = uuidv7();
    const entry: Publish = { acknowledged: false, promise };
    this.#all.set(eventId, entry);
    const end = publish(eventId).then(
      () => {
        this.acknowledged += 1;
        entry.acknowledged = true;
        promise();
      },
      () => undefined,
    );
    this.#open.add(end);
    void end.then(() => this.#open.delete(end));
  }

  witness(entries: readonly AuditedEntry[]): void {
    for (const { eventId = '', mark } of entries) if (mark === undefined) this.#all.get(eventId)?.promise();
  }

  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }
}
