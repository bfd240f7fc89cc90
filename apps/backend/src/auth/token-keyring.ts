import { generateKeyPairSync } from 'node:crypto';
import type { SealedSecret, SecretBox } from '@viw/secrets';
import type { Repositories, Store } from '../store';
import { importedTokenKey } from './token-keys';
import type { TokenJwk, TokenKey } from './token-keys';

/** The first one signs, all of them verify. */
export type TokenKeys = readonly [TokenKey, ...TokenKey[]];

export interface TokenKeyringDeps {
  readonly store: Pick<Store, 'repositories' | 'transaction'>;
  readonly box: SecretBox;
}

const contextOf = (kid: string) => ({ purpose: 'token-key.private', id: kid });

/**
 * The keys of API tokens: those that are configured, else one that the first backend to need it makes, sealed in Postgres where
 * only backends can read it.
 */
export class TokenKeyring {
  #keys: Promise<TokenKeys> | undefined;

  constructor(
    private readonly options: { readonly configured: TokenKeys | undefined },
    private readonly deps: TokenKeyringDeps,
  ) {}

  /** @throws what Postgres throws; AppError INTERNAL_ERROR when a key does not open */
  keys(): Promise<TokenKeys> {
    this.#keys ??= this.#load().catch((error: unknown) => {
      this.#keys = undefined;
      throw error;
    });
    return this.#keys;
  }

  async #load(): Promise<TokenKeys> {
    const { configured } = this.options;
    if (configured !== undefined) return configured;
    const { store, box } = this.deps;
    const stored = await store.repositories.tokenKeys.list();
    const rows = stored.length > 0 ? stored : await store.transaction((all) => this.#first(all));
    const open = rows.map(({ kid, sealed }) =>
      importedTokenKey(JSON.parse(box.openText(sealed, contextOf(kid))) as TokenJwk),
    );
    for (const { kid, sealed } of rows)
      if (box.needsRewrap(sealed as SealedSecret))
        await store.repositories.tokenKeys.reseal({ kid, sealed: box.rewrap(sealed, contextOf(kid)) });
    return open as unknown as TokenKeys;
  }

  /** Once, however many backends need it at the same time. */
  async #first({ gatewayRegistry, tokenKeys }: Repositories) {
    await gatewayRegistry.lock();
    const present = await tokenKeys.list();
    if (present.length > 0) return present;
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const { kid } = importedTokenKey(jwk);
    const sealed = this.deps.box.seal(JSON.stringify({ ...jwk, kid }), contextOf(kid));
    await tokenKeys.add({ kid, sealed });
    return tokenKeys.list();
  }
}
