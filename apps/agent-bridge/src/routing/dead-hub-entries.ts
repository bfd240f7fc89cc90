import { groups, hubEntriesStream, hubStream } from '@viw/contracts';
import type { HubEntryBody } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { DeadLetters, compareEntryIds, deadLetterError, decodeEntry, isGroupGone } from '@viw/streams';
import type { EntryFacts, Redis } from '@viw/streams';
import type { CommandEvents } from './command-events';
import { factsOf } from './held-command';
import type { Placement, Place } from './hub-stream-or-mailbox';
import { pendingIds } from './pending-ids';

const BATCH = 100;

/** What became of an entry; `dropped`: it is of no use to anybody, or was set aside as poison. */
export type Moved = Place | 'dropped';

/** An entry of a dead hub's stream that is not finished. */
export interface DeadHubEntry {
  readonly id: string;
  /** Whether the hub had read it. */
  readonly state: 'pending' | 'unread';
  readonly fields: readonly string[];
  readonly content:
    | { readonly body: HubEntryBody; readonly facts: EntryFacts }
    | { readonly body?: undefined; readonly fault: unknown };
}

export interface DeadHubEntriesDeps {
  readonly redis: Redis;
  readonly placement: Pick<Placement, 'place'>;
  readonly events: Pick<CommandEvents, 'tell'>;
  /** A command has gone to the mailbox of an agent that may be here. */
  readonly onParked: (agentId: string) => void;
}

/** Reads the stream of a hub that is taken for dead, and moves what is in it. Every method rejects without Redis. */
export class DeadHubEntries {
  readonly #hub: string;
  readonly #deps: DeadHubEntriesDeps;

  constructor({ hub }: { hub: string }, deps: DeadHubEntriesDeps) {
    this.#hub = hub;
    this.#deps = deps;
  }

  /** The oldest ones. What the hub had finished and not deleted any more is deleted on the way. */
  async next(hub: string): Promise<DeadHubEntry[]> {
    const { redis } = this.#deps;
    const stream = hubStream(hub);
    for (;;) {
      // In this order: what was delivered by now and is not pending afterwards is finished.
      const delivered = await this.#lastDelivered(stream);
      const entries = await redis.xrange(stream, '-', '+', 'COUNT', BATCH);
      const [first, last] = [entries[0]?.[0], entries.at(-1)?.[0]];
      if (first === undefined || last === undefined) return [];
      const pending = new Set(await pendingIds(redis, stream, first, last).catch(withoutGroup));
      const open: DeadHubEntry[] = [];
      const finished: string[] = [];
      for (const [id, fields] of entries) {
        if (pending.has(id)) open.push({ id, state: 'pending', fields, content: contentOf(fields) });
        else if (compareEntryIds(id, delivered) > 0)
          open.push({ id, state: 'unread', fields, content: contentOf(fields) });
        else finished.push(id);
      }
      if (finished.length > 0) await redis.xdel(stream, ...finished);
      if (open.length > 0) return open;
    }
  }

  async move(hub: string, entry: DeadHubEntry): Promise<Moved> {
    const { id, state, content } = entry;
    if (content.body === undefined) {
      await this.#setAside(hub, entry, content.fault);
      return 'dropped';
    }
    const { body, facts } = content;
    if (body.kind === 'replaced') {
      await this.#drop(hub, id);
      return 'dropped';
    }
    const sent = body.kind === 'run' && state === 'pending';
    // The hub may have died between sending it and telling so.
    if (sent && !body.sent_before && !(await this.#deps.events.tell(body, 'dispatched')))
      throw new AppError('UNAVAILABLE', 'that it may have been sent is not in Redis');
    const from = { id, state, deadHub: hub };
    const place = await this.#deps.placement.place(sent ? { ...body, sent_before: true } : body, facts, {
      from,
    });
    if (place === 'mailbox') this.#deps.onParked(body.agent_id);
    return place;
  }

  async #lastDelivered(stream: string): Promise<string> {
    const rows = (await this.#deps.redis.xinfo('GROUPS', stream).catch(withoutGroup)) as unknown[][];
    const valueOf = (row: unknown[], name: string): unknown => row[row.indexOf(name) + 1];
    const group = rows.find((row) => valueOf(row, 'name') === groups.agentBridge);
    return group ? String(valueOf(group, 'last-delivered-id')) : '0-0';
  }

  async #setAside(hub: string, { id, fields, state }: DeadHubEntry, fault: unknown): Promise<void> {
    const { redis } = this.#deps;
    const member = { stream: hubStream(hub), group: groups.agentBridge, consumer: this.#hub };
    const letters = new DeadLetters(member, hubEntriesStream.stream, { redis: () => redis });
    const deliveryCount = state === 'pending' ? 1 : 0;
    await letters.write([{ entry: { id, fields, deliveryCount }, error: deadLetterError(fault) }]);
    await this.#drop(hub, id);
  }

  async #drop(hub: string, id: string): Promise<void> {
    const { redis } = this.#deps;
    await redis.xack(hubStream(hub), groups.agentBridge, id);
    await redis.xdel(hubStream(hub), id);
  }
}

function contentOf(fields: readonly string[]): DeadHubEntry['content'] {
  try {
    const decoded = decodeEntry(hubEntriesStream, fields);
    return { body: decoded.body, facts: factsOf(decoded) };
  } catch (fault) {
    return { fault };
  }
}

/** The hub died before it made its group, or its stream is gone: nothing of it is pending. */
const withoutGroup = (error: unknown): [] => {
  if (isGroupGone(error)) return [];
  throw error;
};
