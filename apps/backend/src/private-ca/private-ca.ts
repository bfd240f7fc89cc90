import { X509Certificate, randomBytes } from 'node:crypto';
import type { AuthorityPurpose } from '@viw/contracts';
import type { SealedAuthority } from '@viw/database';
import { makeIntermediate, makeRoot } from '@viw/pki';
import type { Authority, NewAuthority } from '@viw/pki';
import { AppError, systemClock, uuidv7 } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { SecretBox } from '@viw/secrets';
import type { Repositories, Store } from '../store';
import { fingerprintOf } from './fingerprint';
import { resealedAuthority, sealAuthorityKey, unsealAuthority } from './sealed-authority';

/** As the bridge's documented subject policy has it. */
export const ORGANIZATION = 'Viworks';

/** Authorities whose keys are here. */
type OwnPurpose = Exclude<AuthorityPurpose, 'web-services'>;

const names: Readonly<Record<OwnPurpose, string>> = {
  root: 'viw root',
  'gateway-agents': 'viw gateway agents',
};

export interface PrivateCaDeps {
  readonly store: Pick<Store, 'repositories' | 'transaction'>;
  readonly box: SecretBox;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** An authority as it is stored, with its key open in this process's memory. */
export interface OpenAuthority {
  readonly record: SealedAuthority;
  readonly authority: Authority;
}

/** viw's own certificate authorities: their keys sealed in Postgres. An installation without any gets them at its first start. */
export class PrivateCa {
  readonly #deps: PrivateCaDeps;
  #open: Promise<readonly OpenAuthority[]> | undefined;

  constructor(deps: PrivateCaDeps) {
    this.#deps = deps;
  }

  /** Every authority there is, the root first. Made now if this is the first start. @throws AppError INTERNAL_ERROR */
  authorities(): Promise<readonly OpenAuthority[]> {
    this.#open ??= this.#load().catch((error: unknown) => {
      this.#open = undefined;
      throw error;
    });
    return this.#open;
  }

  /** The authority that issues for this purpose. @throws AppError INTERNAL_ERROR */
  async issuerFor(purpose: OwnPurpose): Promise<OpenAuthority> {
    const found = (await this.authorities()).find(({ record }) => record.purpose === purpose);
    if (found === undefined) throw new AppError('INTERNAL_ERROR', `there is no authority for ${purpose}`);
    return found;
  }

  async #load(): Promise<readonly OpenAuthority[]> {
    const { store, box } = this.#deps;
    let rows = await store.repositories.certificateAuthorities.sealed();
    if (rows.length < Object.keys(names).length)
      rows = await store.transaction((repositories) => this.#complete(repositories));
    const open = await Promise.all(
      rows.map(async (record) => ({ record, authority: await unsealAuthority(box, record) })),
    );
    await this.#reseal(rows);
    return open;
  }

  /** Once, however many backends start at the same time. */
  async #complete({ certificateAuthorities, gatewayRegistry }: Repositories): Promise<SealedAuthority[]> {
    await gatewayRegistry.lock();
    const present = await certificateAuthorities.sealed();
    let root = present.find(({ purpose }) => purpose === 'root');
    if (root === undefined) {
      await this.#add(certificateAuthorities, 'root', null, await makeRoot(this.#about('root')));
      root = (await certificateAuthorities.sealed()).find(({ purpose }) => purpose === 'root');
    }
    if (root === undefined) throw new AppError('INTERNAL_ERROR', 'the root authority cannot be stored');
    if (!present.some(({ purpose }) => purpose === 'gateway-agents')) {
      const issuer = await unsealAuthority(this.#deps.box, root);
      const made = await makeIntermediate(this.#about('gateway-agents'), issuer);
      await this.#add(certificateAuthorities, 'gateway-agents', root.id, made);
    }
    return certificateAuthorities.sealed();
  }

  /** The name is unlike that of any other installation, so that nobody mistakes one for the other. */
  #about(purpose: OwnPurpose) {
    const { clock = systemClock } = this.#deps;
    const commonName = `${names[purpose]} ${randomBytes(4).toString('hex')}`;
    return { commonName, organization: ORGANIZATION, now: clock.now() };
  }

  async #add(
    authorities: Repositories['certificateAuthorities'],
    purpose: OwnPurpose,
    issuerId: string | null,
    { privateKey, pem, notBefore, notAfter }: NewAuthority,
  ): Promise<void> {
    const id = uuidv7();
    const fingerprintSha256 = fingerprintOf(pem);
    const subject = new X509Certificate(pem).subject.split('\n').reverse().join(',');
    const sealed = sealAuthorityKey(this.#deps.box, id, privateKey);
    const record = { id, purpose, issuerId, subject, pem, fingerprintSha256, notBefore, notAfter, sealed };
    await authorities.add(record);
    this.#deps.logger.info(
      {
        event: 'certificate_authority_made',
        purpose,
        authority_id: id,
        fingerprint_sha256: fingerprintSha256,
      },
      'a certificate authority is stored',
    );
  }

  /** So that a former key-encryption key can go once every backend has started with the new one. */
  async #reseal(rows: readonly SealedAuthority[]): Promise<void> {
    const { store, box, logger } = this.#deps;
    for (const row of rows) {
      const sealed = resealedAuthority(box, row);
      if (sealed === undefined) continue;
      await store.repositories.certificateAuthorities.reseal(row.id, row.sealed, sealed);
      logger.info(
        { event: 'certificate_authority_resealed', authority_id: row.id },
        'sealed under the present key-encryption key',
      );
    }
  }
}
