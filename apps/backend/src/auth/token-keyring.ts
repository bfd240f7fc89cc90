import { generateKeyPairSync } from 'node:crypto';
import { TOKEN_MAX_S } from '@viw/contracts';
import type { TokenKeyView } from '@viw/contracts';
import type { StoredTokenKey } from '@viw/database';
import { AppError } from '@viw/runtime';
import { SealedKeyring } from '../keys/sealed-keyring';
import type { SealedKeyringDeps } from '../keys/sealed-keyring';
import type { Repositories } from '../store';
import { importedTokenKey } from './token-keys';
import type { TokenJwk, TokenKey } from './token-keys';

/** The first one signs, all of them verify. */
export type TokenKeys = readonly [TokenKey, ...TokenKey[]];

/** No token lives longer than its key is kept; an hour for clocks and for backends that learn of a new key late. Seconds. */
export const TOKEN_KEY_OVERLAP_S = TOKEN_MAX_S + 3_600;
/** Announced ones among them: whoever verifies tokens reads all of them. */
const MAX_KEYS = 8;

export interface TokenKeyringOptions {
  readonly configured: TokenKeys | undefined;
  /** For how long a new key is published before it signs. Seconds. */
  readonly announceS: number;
}

const contextOf = (kid: string) => ({ purpose: 'token-key.private', id: kid });

/**
 * The keys of API tokens: those that are configured, else one that the first backend to need it makes, sealed in Postgres where
 * only backends can read it.
 */
export class TokenKeyring {
  readonly #stored: SealedKeyring<StoredTokenKey, TokenKeys>;

  constructor(
    private readonly options: TokenKeyringOptions,
    private readonly deps: SealedKeyringDeps,
  ) {
    this.#stored = new SealedKeyring(
      {
        contextOf: ({ kid }) => contextOf(kid),
        stored: ({ tokenKeys }) => tokenKeys.list(),
        lacks: (rows) => rows.length === 0,
        make: async (repositories) => void (await this.#add(repositories, 0)),
        open: (rows) => this.#open(rows),
        reseal: ({ tokenKeys }, row, sealed) => tokenKeys.reseal(row.kid, row.sealed, sealed),
      },
      deps,
    );
  }

  /** @throws what Postgres throws; AppError INTERNAL_ERROR when a key does not open */
  keys(): Promise<TokenKeys> {
    const { configured } = this.options;
    return configured === undefined ? this.#stored.current() : Promise.resolve(configured);
  }

  /** Reads the keys again. */
  async refresh(): Promise<void> {
    if (this.options.configured === undefined) await this.#stored.refresh();
  }

  /** As people see them; nothing secret in it. */
  async list({ tokenKeys }: Pick<Repositories, 'tokenKeys'>): Promise<TokenKeyView[]> {
    const { configured } = this.options;
    const unknown = { created_at: null, signs_from: null, replaced_at: null };
    if (configured !== undefined)
      return configured.map(({ kid, alg }, at) => ({
        ...{ kid, alg, source: 'configuration' as const },
        ...{ state: at === 0 ? ('active' as const) : ('retiring' as const), ...unknown },
      }));
    return (await tokenKeys.list()).map(({ sealed: _, ...row }) => ({
      ...row,
      alg: 'EdDSA',
      source: 'database' as const,
    }));
  }

  /**
   * Makes the next key, in the caller's transaction: published now, used once it was announced. Tokens of its predecessors stay
   * valid until they expire.
   *
   * @param atOnce for a key in foreign hands: it signs now, its predecessors are destroyed and their tokens void
   * @returns its kid
   * @throws AppError CONFLICT while another one is announced, and for keys that are configured
   */
  async rotate(repositories: Repositories, { atOnce }: { atOnce: boolean }): Promise<string> {
    if (this.options.configured !== undefined)
      throw new AppError('CONFLICT', 'The keys stand in BACKEND_TOKEN_KEYS: change them there');
    await repositories.gatewayRegistry.lock();
    const present = await repositories.tokenKeys.list();
    if (!atOnce && present.some(({ state }) => state === 'announced'))
      throw new AppError('CONFLICT', 'A rotation is under way: its key is announced and not in use yet');
    if (!atOnce && present.length >= MAX_KEYS)
      throw new AppError('CONFLICT', `There are ${present.length} keys: wait until one has retired`);
    const kid = await this.#add(repositories, atOnce ? 0 : this.options.announceS);
    if (atOnce) await repositories.tokenKeys.deleteAllBut(kid);
    return kid;
  }

  #open(rows: readonly StoredTokenKey[]): TokenKeys {
    const { box } = this.deps;
    const [first, ...rest] = rows.map(({ kid, sealed }) =>
      importedTokenKey(JSON.parse(box.openText(sealed, contextOf(kid))) as TokenJwk),
    );
    if (first === undefined) throw new AppError('INTERNAL_ERROR', 'there is no key to sign tokens with');
    return [first, ...rest];
  }

  async #add({ tokenKeys }: Repositories, announcedForS: number): Promise<string> {
    const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
    const { kid } = importedTokenKey(jwk);
    await tokenKeys.add(
      { kid, sealed: this.deps.box.seal(JSON.stringify({ ...jwk, kid }), contextOf(kid)) },
      announcedForS,
    );
    return kid;
  }
}
