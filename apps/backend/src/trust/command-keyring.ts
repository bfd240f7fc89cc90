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
import { SealedKeyring } from '../keys/sealed-keyring';
import type { SealedKeyringDeps } from '../keys/sealed-keyring';
import type { Repositories } from '../store';
import type { HostPolicyIssuer } from './host-policy-issuer';
import { commandKeyContext, openSealingKey, openSigningKey, sealKey } from './sealed-keys';

export interface CommandKeyringOptions {
  /** Of the configuration: the first key of an installation that has none. */
  readonly imported: PrivateSigningKey | undefined;
}

export interface CommandKeyringDeps extends SealedKeyringDeps {
  readonly issuer: HostPolicyIssuer;
}

interface Keys {
  readonly signer: CommandSigner;
  readonly trusted: readonly TrustedKey[];
  readonly sealing: ReadonlyMap<string, PrivateSealingKey>;
}

/** What the backend signs commands with, and opens secret results. */
export class CommandKeyring {
  readonly #options: CommandKeyringOptions;
  readonly #deps: CommandKeyringDeps;
  readonly #keys: SealedKeyring<UsableCommandKey, Keys>;
  #warned = false;

  constructor(options: CommandKeyringOptions, deps: CommandKeyringDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#keys = new SealedKeyring(
      {
        contextOf: ({ kid }) => commandKeyContext(kid),
        stored: ({ commandKeys }) => commandKeys.usable(),
        lacks: (rows) => missingOf(rows).length > 0,
        make: (repositories, present) => this.#make(repositories, present),
        open: (rows) => this.#open(rows),
        reseal: ({ commandKeys }, row, sealed) => commandKeys.reseal(row.kid, row.sealed, sealed),
      },
      deps,
    );
  }

  /** By the active key. @throws what Postgres throws while the keys are not known; ZodError as `CommandSigner.sign` */
  async sign(claims: CommandClaims): Promise<string> {
    return (await this.#keys.current()).signer.sign(claims);
  }

  /** Public halves of the keys whose commands count, as hosts pin them; the one of the next rotation among them. */
  async trusted(): Promise<readonly TrustedKey[]> {
    return (await this.#keys.current()).trusted;
  }

  /**
   * A secret member of a result, in clear.
   * @throws AppError CONFLICT (sealed to a key that is gone); INVALID_SIGNATURE (not of this command, or altered)
   */
  async openResult(value: SealedValue, member: string, context: SealingContext): Promise<unknown> {
    const { sealing } = await this.#keys.current();
    const key = sealing.get(sealedResultKid(value) ?? '');
    if (key === undefined) throw new AppError('CONFLICT', 'The result is sealed to a key that is gone');
    return openSealedResult(value, key, member, context);
  }

  /** Reads the keys again. */
  async refresh(): Promise<void> {
    await this.#keys.refresh();
  }

  #open(rows: readonly UsableCommandKey[]): Keys {
    const { box } = this.#deps;
    const active = activeOf(rows, 'signing');
    if (active === undefined) throw new AppError('INTERNAL_ERROR', 'there is no key to sign commands with');
    this.#warnOfIgnored(rows);
    return {
      signer: new CommandSigner({ key: openSigningKey(box, active) }),
      trusted: rows
        .filter(({ purpose }) => purpose === 'signing')
        .map(({ kid, public_jwk: jwk }) => trustedKey.parse({ ...jwk, kid })),
      sealing: new Map(
        rows.filter(({ purpose }) => purpose === 'sealing').map((row) => [row.kid, openSealingKey(box, row)]),
      ),
    };
  }

  async #make(repositories: Repositories, present: readonly UsableCommandKey[]): Promise<void> {
    const { commandKeys } = repositories;
    const { box, issuer, logger } = this.#deps;
    const missing = missingOf(present);
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
}

const activeOf = (
  rows: readonly UsableCommandKey[],
  wanted: 'signing' | 'sealing',
): UsableCommandKey | undefined =>
  rows.find(({ purpose, state }) => purpose === wanted && state === 'active');

const missingOf = (rows: readonly UsableCommandKey[]) =>
  (['signing', 'sealing'] as const).filter((purpose) => activeOf(rows, purpose) === undefined);
