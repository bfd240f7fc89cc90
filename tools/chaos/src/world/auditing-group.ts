import { setTimeout as pause } from 'node:timers/promises';
import { type Redis, closeRedis, createRedis, waitUntilReady } from '@viw/streams';
import { isError } from '@viw/runtime';

/** What the auditing group keeps of an entry. */
export interface AuditedEntry {
  readonly stream: string;
  /** Of Redis. */
  readonly id: string;
  readonly eventId: string | undefined;
  readonly correlationId: string | undefined;
  /** The first that the body names. */
  readonly agentId: string | undefined;
  /** Of planted entries. */
  readonly mark: string | undefined;
}

export const auditingGroup = 'auditor';

const BLOCK_MS = 500;
const COUNT = 1_000;
/** Where in a body the agent is looked for, characters. */
const AGENT_WITHIN = 2_000;

/**
 * A consumer group of its own on every stream, from the first entry on, that counts what stands there: the witness of
 * what was added, whatever producers believe. Reads past all proxies; follows Redis over a crash by its pending entries.
 */
export class AuditingGroup {
  readonly #streams: readonly string[];
  readonly #client: Redis;
  readonly #entries = new Map<string, AuditedEntry>();
  readonly #stopping = new AbortController();
  #reading: Promise<void> | undefined;

  constructor(options: { readonly url: string; readonly streams: readonly string[] }) {
    this.#streams = options.streams;
    this.#client = createRedis(options.url, {
      role: 'blocking',
      name: 'chaos-auditing-group',
      blockMs: BLOCK_MS,
    });
  }

  /** Every entry seen so far, once each however often it was delivered. */
  get entries(): readonly AuditedEntry[] {
    return [...this.#entries.values()];
  }

  /** Resolves when its groups exist: what is added after that cannot be missed. */
  async start(): Promise<void> {
    await waitUntilReady(this.#client);
    for (const stream of this.#streams)
      await this.#client.xgroup('CREATE', stream, auditingGroup, '0', 'MKSTREAM');
    this.#reading = this.#read(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
    await closeRedis(this.#client);
  }

  async #read(signal: AbortSignal): Promise<void> {
    for (let own = true; !signal.aborted;) {
      try {
        await waitUntilReady(this.#client, { signal });
        // What was handed out and not acknowledged when the connection broke comes first.
        if ((await this.#turn(own ? '0' : '>')) === 0) own = false;
      } catch (error) {
        if (isError(error) && error.message.startsWith('NOGROUP')) throw error;
        own = true;
        await pause(100, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** @returns how many entries came */
  async #turn(from: '0' | '>'): Promise<number> {
    const args = ['GROUP', auditingGroup, 'one', 'COUNT', COUNT, 'BLOCK', BLOCK_MS, 'STREAMS'];
    const reply = await this.#client.call(
      'XREADGROUP',
      ...args,
      ...this.#streams,
      ...this.#streams.map(() => from),
    );
    let count = 0;
    for (const [stream, entries] of (reply ?? []) as [string, [string, string[] | null][]][]) {
      if (entries.length === 0) continue;
      for (const [id, fields] of entries) this.#note(stream, id, fields ?? []);
      await this.#client.xack(stream, auditingGroup, ...entries.map(([id]) => id));
      count += entries.length;
    }
    return count;
  }

  #note(stream: string, id: string, fields: readonly string[]): void {
    const field = (name: string): string | undefined => {
      const at = fields.findIndex((each, i) => i % 2 === 0 && each === name);
      return at < 0 ? undefined : fields[at + 1];
    };
    this.#entries.set(`${stream} ${id}`, {
      stream,
      id,
      eventId: field('event_id'),
      correlationId: field('correlation_id'),
      mark: field('mark'),
      agentId: /"agent_id":"([^"]+)"/.exec(field('body')?.slice(0, AGENT_WITHIN) ?? '')?.[1],
    });
  }
}
