import type { SealedEnvelope } from '@viw/database';
import type { Logger } from '@viw/runtime';
import type { SealedSecret, SecretBox, SecretContext } from '@viw/secrets';
import type { Repositories, Store } from '../store';

/** What another backend has changed counts here after this at the latest; sooner where somebody calls `refresh` regularly. */
const AGE_MAX_MS = 30_000;

/** One kind of keys of the installation: where they are stored, which there must be, and what a process makes of them. */
export interface KeyKind<Row extends { readonly sealed: SealedEnvelope }, Keys> {
  /** What the sealed text of a row is, and whose: authenticated with it. */
  contextOf(row: Row): SecretContext;
  stored(repositories: Repositories): Promise<Row[]>;
  /** Whether one is missing that an installation must have. */
  lacks(rows: readonly Row[]): boolean;
  /** Makes what is missing, in a transaction that holds the lock of the registry. */
  make(repositories: Repositories, present: readonly Row[]): Promise<void>;
  /** @throws what makes them unusable, without quoting one */
  open(rows: readonly Row[]): Keys | Promise<Keys>;
  /** The same key under another key-encryption key; nothing when somebody else has changed it meanwhile. */
  reseal(repositories: Repositories, row: Row, sealed: SealedEnvelope): Promise<void>;
  /** Where sealing anew is more than turning the key-encryption key. @throws when it does not open */
  rewrap?(row: Row, keys: Keys): SealedSecret;
}

export interface SealedKeyringDeps {
  /** On connections of its own: whoever asks for keys may hold one already. */
  readonly store: Pick<Store, 'repositories' | 'transaction'>;
  readonly box: SecretBox;
  readonly logger: Logger;
}

/**
 * Keys that are sealed in Postgres, and open in this process's memory only. An installation that lacks one gets it once, however
 * many backends start at the same time. Whatever is sealed under a former key-encryption key is sealed anew, so that the former one
 * can go once every backend has started with the new one.
 */
export class SealedKeyring<Row extends { readonly sealed: SealedEnvelope }, Keys> {
  #known: { readonly keys: Keys; readonly readAt: number } | undefined;
  #loading: Promise<Keys> | undefined;

  constructor(
    private readonly kind: KeyKind<Row, Keys>,
    private readonly deps: SealedKeyringDeps,
  ) {}

  /** @throws what Postgres throws while the keys are not known; AppError INTERNAL_ERROR when one does not open */
  async current(): Promise<Keys> {
    const known = this.#known;
    return known && performance.now() - known.readAt < AGE_MAX_MS ? known.keys : this.refresh();
  }

  /** Reads the keys again. One reading serves all who ask meanwhile. @throws as `current` */
  refresh(): Promise<Keys> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #load(): Promise<Keys> {
    const { kind, deps } = this;
    const readAt = performance.now();
    const stored = await kind.stored(deps.store.repositories);
    const rows = kind.lacks(stored) ? await this.#complete() : stored;
    const keys = await kind.open(rows);
    this.#known = { keys, readAt };
    for (const row of rows) await this.#reseal(row, keys);
    return keys;
  }

  #complete(): Promise<Row[]> {
    const { kind, deps } = this;
    return deps.store.transaction(async (repositories) => {
      await repositories.gatewayRegistry.lock();
      const present = await kind.stored(repositories);
      if (!kind.lacks(present)) return present;
      await kind.make(repositories, present);
      return kind.stored(repositories);
    });
  }

  async #reseal(row: Row, keys: Keys): Promise<void> {
    const { store, box, logger } = this.deps;
    if (!box.needsRewrap(row.sealed as SealedSecret)) return;
    const context = this.kind.contextOf(row);
    let sealed: SealedEnvelope;
    try {
      sealed = this.kind.rewrap?.(row, keys) ?? box.rewrap(row.sealed, context);
    } catch {
      // Whoever opens the keys has said so, and whether they can be done without.
      return;
    }
    await this.kind.reseal(store.repositories, row, sealed);
    logger.info(
      { event: 'key_resealed', purpose: context.purpose, key_id: context.id },
      'sealed under the present key-encryption key',
    );
  }
}
