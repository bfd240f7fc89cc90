import type { UsableApiKey } from '@viw/database';
import type { Clock } from '@viw/runtime';
import type { Repositories } from '../store';

/** A revoked key, or a changed role, is noticed within this. Milliseconds. */
const BELIEVED_MS = 1_000;
/** Last use is noted by the minute. */
const NOTED_MS = 60_000;
const MAX_KEYS = 10_000;

interface Known {
  readonly key: UsableApiKey;
  readonly readAt: number;
}

export interface KnownApiKeysDeps {
  readonly apiKeys: Pick<Repositories['apiKeys'], 'findUsable' | 'touch'>;
  readonly clock: Clock;
}

/**
 * API keys as read from Postgres a moment ago, so that a client that asks often costs one look-up per second and not
 * one per request. Only keys that exist and may be used are remembered; whether a secret fits is checked every time.
 */
export class KnownApiKeys {
  readonly #known = new Map<string, Known>();
  readonly #notedAt = new Map<string, number>();

  constructor(private readonly deps: KnownApiKeysDeps) {}

  async find(id: string): Promise<UsableApiKey | undefined> {
    const now = this.deps.clock.now();
    const known = this.#known.get(id);
    // A clock that went back makes nothing younger than it is.
    if (known && now >= known.readAt && now - known.readAt < BELIEVED_MS) return known.key;
    this.#known.delete(id);
    const key = await this.deps.apiKeys.findUsable(id);
    if (key) remember(this.#known, id, { key, readAt: now });
    return key;
  }

  /** Resolves at once when the use has been noted lately. */
  async noteUse(id: string): Promise<void> {
    const now = this.deps.clock.now();
    if (Math.abs(now - (this.#notedAt.get(id) ?? -Infinity)) < NOTED_MS) return;
    remember(this.#notedAt, id, now);
    await this.deps.apiKeys.touch(id);
  }
}

/** The one remembered longest goes when there is no room. */
function remember<T>(map: Map<string, T>, id: string, value: T): void {
  map.delete(id);
  map.set(id, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KEYS && oldest !== undefined) map.delete(oldest);
}
