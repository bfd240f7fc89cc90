import type { Clock } from '@viw/runtime';

/** A revocation, or a changed role or scope, is noticed within this. Milliseconds. */
const BELIEVED_MS = 1_000;
/** Last use is noted by the minute. */
const NOTED_MS = 60_000;
const MAX_KNOWN = 10_000;

interface Known<T> {
  readonly found: T;
  readonly readAt: number;
}

export interface KnownCredentialsDeps<T> {
  /** Undefined: there is none that may be used. */
  readonly find: (id: string) => Promise<T | undefined>;
  readonly touch?: (id: string) => Promise<void>;
  readonly clock: Clock;
}

/**
 * Credentials of machines as read from Postgres a moment ago, so that a client that asks often costs one look-up per second and
 * not one per request. Only what exists and may be used is remembered; whether a secret or signature fits is checked every time.
 */
export class KnownCredentials<T> {
  readonly #known = new Map<string, Known<T>>();
  readonly #notedAt = new Map<string, number>();

  constructor(private readonly deps: KnownCredentialsDeps<T>) {}

  async find(id: string): Promise<T | undefined> {
    const now = this.deps.clock.now();
    const known = this.#known.get(id);
    // A clock that went back makes nothing younger than it is.
    if (known && now >= known.readAt && now - known.readAt < BELIEVED_MS) return known.found;
    this.#known.delete(id);
    const found = await this.deps.find(id);
    if (found !== undefined) remember(this.#known, id, { found, readAt: now });
    return found;
  }

  /** Resolves at once when the use has been noted lately. */
  async noteUse(id: string): Promise<void> {
    const now = this.deps.clock.now();
    if (Math.abs(now - (this.#notedAt.get(id) ?? -Infinity)) < NOTED_MS) return;
    remember(this.#notedAt, id, now);
    await this.deps.touch?.(id);
  }
}

/** The one remembered longest goes when there is no room. */
function remember<T>(map: Map<string, T>, id: string, value: T): void {
  map.delete(id);
  map.set(id, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KNOWN && oldest !== undefined) map.delete(oldest);
}
