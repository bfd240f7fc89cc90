import {
  commandsStream,
  contestsKey,
  groups,
  hubAliveKey,
  hubStream,
  leaseKey,
  mailboxStream,
} from '@viw/contracts';
import type { CommandBody } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import { encodeEntry } from '@viw/streams';
import type { EntryFacts, Redis } from '@viw/streams';
import type { HeldLease } from '../lease/lease-store';
import { drainMailbox, placeCommand } from './placement-scripts';

/** `gone`: it has left its former place already. `alive`: it stays there, the hub that was taken for dead lives. */
export type Place = 'hub' | 'mailbox' | 'gone' | 'alive';

/** `not-its-lease`: a newer connection has the agent. `contested`: for as long as two hosts claim its id. */
export type Undrained = 'not-its-lease' | 'contested';

/** An entry that a command leaves as it gets its new place. */
export interface FormerPlace {
  readonly id: string;
  /** Whether its hub has read it: only then it may have been sent. */
  readonly state: 'pending' | 'unread';
  /** In the stream of this other hub, which is believed to be dead; in this hub's own by default. */
  readonly deadHub?: string;
}

/** Agents move between hubs while we look; more often than this in a row is not believed. */
const MAX_GUESSES = 8;
const DRAIN_COUNT = 50;
/** After a command's time is over; covers clocks that differ, and a cancellation that comes late. Milliseconds. */
const KEPT_AFTERWARDS_MS = 60_000;

export interface PlaceOptions {
  /** This hub does not have the agent, whatever its lease says. */
  readonly notHere?: boolean;
  readonly from?: FormerPlace;
}

/** Where commands wait in Redis. Every method rejects without Redis; nothing has moved then, or all of it. */
export class Placement {
  readonly #hub: string;
  readonly #redis: Redis;

  constructor({ hub }: { hub: string }, { redis }: { redis: Redis }) {
    this.#hub = hub;
    this.#redis = redis;
  }

  /** Calls for the same agent take effect in their order. */
  async place(
    body: CommandBody,
    facts: EntryFacts,
    { notHere = false, from }: PlaceOptions = {},
  ): Promise<Place> {
    const { fields } = encodeEntry(commandsStream, body, facts);
    const usefulMs = KEPT_AFTERWARDS_MS + (body.kind === 'run' ? msUntil(body.expires_at) : 0);
    let guess = this.#hub;
    for (let round = 0; round < MAX_GUESSES; round++) {
      const answer = await this.#try({
        ...{ hub: guess, agentId: body.agent_id, notHere: notHere && guess === this.#hub },
        ...{ usefulMs, from, fields },
      });
      if (!answer.startsWith('@')) return answer as Place;
      guess = answer.slice(1);
    }
    throw new AppError('UNAVAILABLE', 'the agent changes hubs too fast');
  }

  /** @returns how many commands still wait in the mailbox, or why they have to stay there */
  async drain({ agentId, epoch }: Pick<HeldLease, 'agentId' | 'epoch'>): Promise<number | Undrained> {
    const keys = [leaseKey(agentId), mailboxStream(agentId), hubStream(this.#hub), contestsKey];
    const facts = [String(epoch), DRAIN_COUNT, agentId];
    const left = Number(await this.#redis.eval(drainMailbox, keys.length, ...keys, ...facts));
    if (left >= 0) return left;
    return left === -1 ? 'not-its-lease' : 'contested';
  }

  /** Deletes finished entries of this hub's stream, of which it is the only reader. */
  async discard(ids: readonly string[]): Promise<void> {
    await this.#redis.xdel(hubStream(this.#hub), ...ids);
  }

  async #try({ hub, agentId, notHere, usefulMs, from, fields }: Attempt): Promise<string> {
    const keys = [leaseKey(agentId), mailboxStream(agentId), hubStream(hub), hubAliveKey(hub)];
    if (from) keys.push(hubStream(from.deadHub ?? this.#hub));
    if (from?.deadHub !== undefined) keys.push(hubAliveKey(from.deadHub));
    const facts = [hub, notHere ? '1' : '0', usefulMs, groups.agentBridge, from?.id ?? '', from?.state ?? ''];
    return String(await this.#redis.eval(placeCommand, keys.length, ...keys, ...facts, ...fields));
  }
}

interface Attempt {
  readonly hub: string;
  readonly agentId: string;
  readonly notHere: boolean;
  readonly usefulMs: number;
  readonly from: FormerPlace | undefined;
  readonly fields: readonly string[];
}

const msUntil = (time: string): number => Math.max(0, Date.parse(time) - Date.now());
