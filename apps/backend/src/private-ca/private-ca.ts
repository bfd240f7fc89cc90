import { X509Certificate, randomBytes } from 'node:crypto';
import type { AuthorityPurpose } from '@viw/contracts';
import type { SealedAuthority } from '@viw/database';
import { makeIntermediate, makeRoot } from '@viw/pki';
import type { Authority, NewAuthority } from '@viw/pki';
import { AppError, systemClock, uuidv7 } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import { SealedKeyring } from '../keys/sealed-keyring';
import type { SealedKeyringDeps } from '../keys/sealed-keyring';
import type { Repositories } from '../store';
import { fingerprintOf } from './fingerprint';
import { authorityContext, sealAuthorityKey, unsealAuthority } from './sealed-authority';

/** As the bridge's documented subject policy has it. */
export const ORGANIZATION = 'Viworks';

const names: Readonly<Record<AuthorityPurpose, string>> = {
  root: 'viw root',
  'gateway-agents': 'viw gateway agents',
  'web-services': 'viw web services',
};

const belowTheRoot = ['gateway-agents', 'web-services'] as const satisfies readonly AuthorityPurpose[];

export interface PrivateCaDeps extends SealedKeyringDeps {
  readonly clock?: Clock;
}

/** An authority as it is stored, with its key open in this process's memory. */
export interface OpenAuthority {
  readonly record: SealedAuthority;
  readonly authority: Authority;
}

/** viw's own certificate authorities: their keys sealed in Postgres. An installation that lacks any gets it at its next start. */
export class PrivateCa {
  readonly #deps: PrivateCaDeps;
  readonly #authorities: SealedKeyring<SealedAuthority, readonly OpenAuthority[]>;

  constructor(deps: PrivateCaDeps) {
    this.#deps = deps;
    this.#authorities = new SealedKeyring(
      {
        contextOf: ({ id }) => authorityContext(id),
        stored: ({ certificateAuthorities }) => certificateAuthorities.sealed(),
        lacks: (rows) => rows.length < Object.keys(names).length,
        make: (repositories, present) => this.#make(repositories, present),
        open: (rows) =>
          Promise.all(
            rows.map(async (record) => ({ record, authority: await unsealAuthority(deps.box, record) })),
          ),
        reseal: ({ certificateAuthorities }, { id, sealed: former }, sealed) =>
          certificateAuthorities.reseal(id, former, sealed),
      },
      deps,
    );
  }

  /** Every authority there is, the root first. Made now if this is the first start. @throws AppError INTERNAL_ERROR */
  authorities(): Promise<readonly OpenAuthority[]> {
    return this.#authorities.current();
  }

  /** Reads them again. */
  async refresh(): Promise<void> {
    await this.#authorities.refresh();
  }

  /** The authority that issues for this purpose. @throws AppError INTERNAL_ERROR */
  async issuerFor(purpose: AuthorityPurpose): Promise<OpenAuthority> {
    const found = (await this.authorities()).find(({ record }) => record.purpose === purpose);
    if (found === undefined) throw new AppError('INTERNAL_ERROR', `there is no authority for ${purpose}`);
    return found;
  }

  async #make({ certificateAuthorities }: Repositories, present: readonly SealedAuthority[]): Promise<void> {
    let root = present.find(({ purpose }) => purpose === 'root');
    if (root === undefined) {
      await this.#add(certificateAuthorities, 'root', null, await makeRoot(this.#about('root')));
      root = (await certificateAuthorities.sealed()).find(({ purpose }) => purpose === 'root');
    }
    if (root === undefined) throw new AppError('INTERNAL_ERROR', 'the root authority cannot be stored');
    for (const purpose of belowTheRoot) {
      if (present.some((each) => each.purpose === purpose)) continue;
      const issuer = await unsealAuthority(this.#deps.box, root);
      const made = await makeIntermediate(this.#about(purpose), issuer);
      await this.#add(certificateAuthorities, purpose, root.id, made);
    }
  }

  /** The name is unlike that of any other installation, so that nobody mistakes one for the other. */
  #about(purpose: AuthorityPurpose) {
    const { clock = systemClock } = this.#deps;
    const commonName = `${names[purpose]} ${randomBytes(4).toString('hex')}`;
    return { commonName, organization: ORGANIZATION, now: clock.now() };
  }

  async #add(
    authorities: Repositories['certificateAuthorities'],
    purpose: AuthorityPurpose,
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
}
