import { keyThumbprint } from '@viw/commands';
import type { Ed25519PublicKey } from '@viw/contracts';
import { ed25519PublicKey } from '@viw/contracts';
import type { ResultKey, ResultKeyRepository, ResultKeys } from '@viw/database';

/** A revocation takes effect within this time. */
const AGE_MAX_MS = 3_000;
const GATEWAYS_MAX = 20_000;

export interface KnownKey {
  readonly kind: ResultKey['kind'];
  /** The same object for as long as it is remembered: the library keeps what it has made of it. */
  readonly jwk: Ed25519PublicKey;
}

/** One gateway's keys, by each `kid` that a signature may name: the registered one and the RFC 7638 thumbprint. */
export interface GatewayResultKeys extends Omit<ResultKeys, 'keys'> {
  readonly byKid: ReadonlyMap<string, KnownKey>;
}

export const noKeys: GatewayResultKeys = { helperSigns: false, agentSigns: false, byKid: new Map() };

export interface KnownResultKeysDeps {
  readonly repository: Pick<ResultKeyRepository, 'of'>;
  /** Milliseconds of a clock that nobody can set. */
  readonly now?: () => number;
}

/** Keys of gateways, read from Postgres at most every 3 s for each, all those of a batch in one statement. */
export class KnownResultKeys {
  readonly #deps: KnownResultKeysDeps;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly keys: GatewayResultKeys; readonly readAt: number }>();

  constructor(deps: KnownResultKeysDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? (() => performance.now());
  }

  /** @throws what the repository throws: without keys nothing is judged */
  async of(agentIds: Iterable<string>): Promise<ReadonlyMap<string, GatewayResultKeys>> {
    const wanted = [...new Set(agentIds)];
    const readAt = this.#now();
    const stale = wanted.filter((id) => readAt - (this.#known.get(id)?.readAt ?? -Infinity) >= AGE_MAX_MS);
    if (stale.length > 0) await this.#read(stale, readAt);
    return new Map(wanted.map((id) => [id, this.#known.get(id)?.keys ?? noKeys]));
  }

  async #read(agentIds: readonly string[], readAt: number): Promise<void> {
    const found = await this.#deps.repository.of(agentIds);
    if (this.#known.size + agentIds.length > GATEWAYS_MAX) this.#known.clear();
    for (const id of agentIds) {
      const keys = found.get(id);
      this.#known.set(id, { keys: keys === undefined ? noKeys : await byKid(keys), readAt });
    }
  }
}

async function byKid({ keys, ...who }: ResultKeys): Promise<GatewayResultKeys> {
  const known = new Map<string, KnownKey>();
  for (const { kind, jwk: registered } of keys) {
    const parsed = ed25519PublicKey.safeParse(registered);
    if (!parsed.success) continue;
    const key = { kind, jwk: parsed.data };
    known.set(await keyThumbprint(parsed.data), key);
    if (parsed.data.kid !== undefined) known.set(parsed.data.kid, key);
  }
  return { ...who, byKid: known };
}
