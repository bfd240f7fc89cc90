import { commandsStream, groups } from '@viw/contracts';
import type { CommandBody } from '@viw/contracts';
import { compareEntryIds } from '@viw/streams';
import type { Delivered, Redis } from '@viw/streams';

/** A hub that keeps a command for longer stands still or is dead: then order is not worth the delay. */
const WAIT_MS = 1_000;
const FORGOTTEN_MS = 60_000;
/** Entries in the hands of all hubs that are looked at; with more than that the newest may be missed. */
const PENDING = 1_000;

/**
 * Hubs read `viw.commands` side by side: of two commands of one agent one hub may have the first and this one the
 * second. An entry is pending until its command has a place, so the pending list tells what must not be overtaken.
 */
export class IngressOrder {
  readonly #hub: string;
  readonly #redis: Redis;
  /** Of entries that have to wait: when that was first so. */
  readonly #askedAt = new Map<string, number>();
  /** Of the entries that were in other hands when that was asked last; undefined for poison. */
  #agents = new Map<string, string | undefined>();

  constructor({ hub }: { hub: string }, { redis }: { redis: Redis }) {
    this.#hub = hub;
    this.#redis = redis;
  }

  /**
   * Ids of the batch that have to wait, because another hub has an earlier command of the same agent. Asked about
   * again and again, an entry has to wait for a moment only. When Redis does not answer nothing has to wait: order is
   * not worth a command, and placing one fails by itself then.
   */
  async early(batch: readonly Delivered<CommandBody>[]): Promise<ReadonlySet<string>> {
    const others = await this.#inOtherHands(batch.at(-1)?.id ?? '-').catch(() => new Map<string, string>());
    const now = performance.now();
    // Those that another hub has claimed meanwhile are not asked about again.
    for (const [id, askedAt] of this.#askedAt) if (now - askedAt > FORGOTTEN_MS) this.#askedAt.delete(id);
    const early = batch.filter(
      (entry) =>
        [...others].some(
          ([id, agentId]) => agentId === entry.body.agent_id && compareEntryIds(id, entry.id) < 0,
        ) && now - (this.#askedAt.get(entry.id) ?? now) < WAIT_MS,
    );
    const ids = new Set(early.map(({ id }) => id));
    for (const { id } of batch) {
      if (!ids.has(id)) this.#askedAt.delete(id);
      else if (!this.#askedAt.has(id)) this.#askedAt.set(id, now);
    }
    return ids;
  }

  /** Entry id → agent. */
  async #inOtherHands(upTo: string): Promise<ReadonlyMap<string, string | undefined>> {
    const { stream } = commandsStream;
    const rows = await this.#redis.xpending(stream, groups.agentBridge, '-', upTo, PENDING);
    const ids = (rows as [string, string][]).filter(([, hub]) => hub !== this.#hub).map(([id]) => id);
    const unknown = ids.filter((id) => !this.#agents.has(id));
    const found = await Promise.all(unknown.map((id) => this.#redis.xrange(stream, id, id)));
    const read = new Map(found.flat().map(([id, fields]) => [id, agentOf(fields)]));
    this.#agents = new Map(ids.map((id) => [id, this.#agents.get(id) ?? read.get(id)]));
    return this.#agents;
  }
}

/** Undefined for poison, which whoever has it sets aside. Not held against the contract: it is only compared. */
function agentOf(fields: readonly string[]): string | undefined {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name === 'body');
  try {
    const body: unknown = JSON.parse(fields[at + 1] ?? '');
    const { agent_id } = body as { agent_id?: unknown };
    return typeof agent_id === 'string' ? agent_id : undefined;
  } catch {
    return undefined;
  }
}
