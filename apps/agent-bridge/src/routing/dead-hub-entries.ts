import { deadLetterStream, groups, hubAliveKey, hubEntriesStream, hubStream } from '@viw/contracts';
import type { HubEntryBody } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { DeadLetters, deadLetterError, decodeEntry, groupState } from '@viw/streams';
import type { EntryFacts, Redis } from '@viw/streams';
import type { CommandEvents } from './command-events';
import { factsOf } from './held-command';
import { openEntries } from './hub-stream-entries';
import type { OpenEntry } from './hub-stream-entries';
import type { Placement, Place } from './placement';
import { setAside } from './placement-scripts';

/** What became of an entry; `dropped`: it is of no use to anybody, or was set aside as poison. */
export type Moved = Place | 'dropped';

export interface DeadHubEntry extends OpenEntry {
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
      const group = await groupState(redis, stream, groups.agentBridge);
      const { open, last } = await openEntries(redis, stream, group);
      if (open.length > 0 || last === undefined)
        return open.map((entry) => ({ ...entry, content: contentOf(entry.fields) }));
    }
  }

  async move(hub: string, entry: DeadHubEntry): Promise<Moved> {
    const { id, state, content } = entry;
    if (content.body === undefined) return this.#setAside(hub, entry, content.fault);
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

  async #setAside(hub: string, { id, fields, state }: DeadHubEntry, fault: unknown): Promise<Moved> {
    const { redis } = this.#deps;
    const stream = hubStream(hub);
    const member = { stream, group: groups.agentBridge, consumer: this.#hub };
    const letters = new DeadLetters(member, hubEntriesStream.stream, { redis: () => redis });
    await letters.register();
    const deliveryCount = state === 'pending' ? 1 : 0;
    const letter = letters.letterOf({ id, fields, deliveryCount }, deadLetterError(fault));
    const keys = [stream, deadLetterStream(stream), hubAliveKey(hub)];
    return (await redis.eval(setAside, keys.length, ...keys, member.group, id, state, ...letter)) as Moved;
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
