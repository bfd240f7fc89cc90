import {
  CommandSigner,
  generateSealingKey,
  generateSigningKey,
  keyThumbprint,
  publicSigningKey,
  trustedKey,
} from '@viw/commands';
import { openSealedResult, sealedResultKid } from '@viw/commands';
import type { PrivateSealingKey, PrivateSigningKey, SealingContext, TrustedKey } from '@viw/commands';
import type { CommandClaims, SealedValue } from '@viw/contracts';
import type { UsableCommandKey } from '@viw/database';
import { AppError } from '@viw/runtime';
import type { Logger } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import type { Repositories, Store } from '../store';
import type { HostPolicyIssuer } from './host-policy-issuer';
import { openSealingKey, openSigningKey, resealed, sealKey } from './sealed-keys';

/** What another backend has changed counts here after one turn of `refresh`, and after this at the latest. */
const AGE_MAX_MS = 30_000;

export interface CommandKeyringOptions {
  /** Of the configuration: the first key of an installation that has none. */
  readonly imported: PrivateSigningKey | undefined;
}

export interface CommandKeyringDeps {
  /** On connections of its own: a command that is being accepted holds one already. */
  readonly store: Pick<Store, 'repositories' | 'transaction'>;
  readonly box: SecretBox;
  readonly issuer: HostPolicyIssuer;
  readonly logger: Logger;
}

interface Keys {
  readonly signer: CommandSigner;
  readonly trusted: readonly TrustedKey[];
  readonly sealing: ReadonlyMap<string, PrivateSealingKey>;
  readonly readAt: number;
}

/** The backend's keys: sealed in Postgres, open in this process's memory only. An installation without any gets its first. */
export class CommandKeyring {
  readonly #options: CommandKeyringOptions;
  readonly #deps: CommandKeyringDeps;
  #keys: Keys | undefined;
  #loading: Promise<Keys> | undefined;

  constructor(options: CommandKeyringOptions, deps: CommandKeyringDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** By the active key. @throws what Postgres throws while the keys are not known; ZodError as `CommandSigner.sign` */
  async sign(claims: CommandClaims): Promise<string> {
    return (await this.#current()).signer.sign(claims);
  }

  /** Public halves of the keys whose commands count, as hosts pin them; the one of the next rotation among them. */
  async trusted(): Promise<readonly TrustedKey[]> {
    return (await this.#current()).trusted;
  }

  /**
   * A secret member of a result, in clear.
   * @throws AppError CONFLICT (sealed to a key that is gone); INVALID_SIGNATURE (not of this command, or altered)
   */
  async openResult(value: SealedValue, member: string, context: SealingContext): Promise<unknown> {
    const { sealing } = await this.#current();
    const key = sealing.get(sealedResultKid(value) ?? '');
    if (key === undefined) throw new AppError('CONFLICT', 'The result is sealed to a key that is gone');
    return openSealedResult(value, key, member, context);
  }

  /** Reads the keys again. One reading serves all who ask meanwhile. */
  refresh(): Promise<Keys> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #current(): Promise<Keys> {
    const known = this.#keys;
    return known && performance.now() - known.readAt < AGE_MAX_MS ? known : this.refresh();
  }

  async #load(): Promise<Keys> {
    const { store, box } = this.#deps;
    const readAt = performance.now();
    let rows = await store.repositories.commandKeys.usable();
    if (activeOf(rows, 'signing') === undefined || activeOf(rows, 'sealing') === undefined)
      rows = await store.transaction((repositories) => this.#complete(repositories));
    const active = activeOf(rows, 'signing');
    if (active === undefined) throw new AppError('INTERNAL_ERROR', 'there is no key to sign commands with');
    const sealing = rows.filter(({ purpose }) => purpose === 'sealing');
    this.#keys = {
      signer: new CommandSigner({ key: openSigningKey(box, active) }),
      trusted: rows
        .filter(({ purpose }) => purpose === 'signing')
        .map(({ kid, public_jwk: jwk }) => trustedKey.parse({ ...jwk, kid })),
      sealing: new Map(sealing.map((row) => [row.kid, openSealingKey(box, row)])),
      readAt,
    };
    this.#warnOfIgnored(rows);
    await this.#reseal(rows);
    return this.#keys;
  }

  /** So that a former key-encryption key can go once every backend has started with the new one. */
  async #reseal(rows: readonly UsableCommandKey[]): Promise<void> {
    const { store, box, logger } = this.#deps;
    for (const row of rows) {
      const sealed = resealed(box, row);
      if (sealed === undefined) continue;
      await store.repositories.commandKeys.reseal(row.kid, row.sealed, sealed);
      logger.info(
        { event: 'command_key_resealed', kid: row.kid },
        'sealed under the present key-encryption key',
      );
    }
  }

  /** Once, however many backends start at the same time. */
  async #complete(repositories: Repositories): Promise<UsableCommandKey[]> {
    const { commandKeys, gatewayRegistry } = repositories;
    const { box, issuer, logger } = this.#deps;
    await gatewayRegistry.lock();
    const rows = await commandKeys.usable();
    const missing = (['signing', 'sealing'] as const).filter(
      (purpose) => activeOf(rows, purpose) === undefined,
    );
    if (missing.length === 0) return rows;
    if (missing.includes('signing')) {
      const key = this.#options.imported ?? (await generateSigningKey()).privateKey;
      const { kid, ...publicJwk } = publicSigningKey(key);
      await commandKeys.add({
        kid,
        purpose: 'signing',
        state: 'active',
        publicJwk,
        sealed: sealKey(box, kid, key),
      });
    }
    if (missing.includes('sealing')) {
      const { privateKey, publicKey } = await generateSealingKey();
      const kid = await keyThumbprint(publicKey);
      const sealed = sealKey(box, kid, privateKey);
      await commandKeys.add({
        kid,
        purpose: 'sealing',
        state: 'active',
        publicJwk: { ...publicKey },
        sealed,
      });
    }
    await issuer.issue(repositories, { changesKeys: true });
    logger.info({ event: 'command_keys_made', purposes: missing }, 'the first command keys are stored');
    return commandKeys.usable();
  }

  #warnOfIgnored(rows: readonly UsableCommandKey[]): void {
    const { imported } = this.#options;
    if (imported === undefined || rows.some(({ kid }) => kid === imported.kid) || this.#warned) return;
    this.#warned = true;
    this.#deps.logger.warn(
      { event: 'command_signing_key_ignored', kid: imported.kid },
      'BACKEND_COMMAND_SIGNING_KEY is not in use: it counts for the first start only, later keys come by rotation',
    );
  }

  #warned = false;
}

const activeOf = (
  rows: readonly UsableCommandKey[],
  wanted: 'signing' | 'sealing',
): UsableCommandKey | undefined =>
  rows.find(({ purpose, state }) => purpose === wanted && state === 'active');
