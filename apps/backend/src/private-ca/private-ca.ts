import { X509Certificate, randomBytes } from 'node:crypto';
import type { AuthorityPurpose, ServicePurpose } from '@viw/contracts';
import type { CertificateAuthorityRecord, NewCertificateAuthority, SealedAuthority } from '@viw/database';
import { makeIntermediate, makeNextRoot, makeRoot } from '@viw/pki';
import type { Authority, NewAuthority } from '@viw/pki';
import { AppError, systemClock, uuidv7 } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import { SealedKeyring } from '../keys/sealed-keyring';
import type { SealedKeyringDeps } from '../keys/sealed-keyring';
import type { Repositories } from '../store';
import { authorityNames } from './authority-names';
import { isInUse } from './authority-phase';
import { chainOf } from './chain';
import { fingerprintOf } from './fingerprint';
import { authorityContext, rewrapAuthorityKey, sealAuthorityKey, unsealAuthority } from './sealed-authority';

/** As the bridge's documented subject policy has it. */
export const ORGANIZATION = 'Viworks';

/** Authorities whose keys are here. */
type OwnPurpose = Exclude<AuthorityPurpose, 'web-services'>;

/** Made at the first start; the others when somebody asks for them. */
const atFirst = ['root', 'gateway-agents'] as const satisfies readonly AuthorityPurpose[];

export interface PrivateCaDeps extends SealedKeyringDeps {
  readonly clock?: Clock;
}

/** An authority as it is stored, with its key open in this process's memory. */
export interface OpenAuthority {
  readonly record: SealedAuthority;
  readonly authority: Authority;
  /** What is shown after a certificate of it, PEM. */
  readonly chain: readonly string[];
}

/** viw's own certificate authorities: their keys sealed in Postgres. An installation that lacks any gets it at its next start. */
export class PrivateCa {
  readonly #deps: PrivateCaDeps;
  readonly #authorities: SealedKeyring<SealedAuthority, readonly OpenAuthority[]>;
  /** As of the newest reading; told once each. */
  #unreadable: ReadonlySet<string> = new Set();

  constructor(deps: PrivateCaDeps) {
    this.#deps = deps;
    this.#authorities = new SealedKeyring(
      {
        contextOf: (row) => authorityContext(row),
        stored: ({ certificateAuthorities }) => certificateAuthorities.sealed(),
        lacks: (rows) => atFirst.some((purpose) => !rows.some((row) => row.purpose === purpose)),
        make: (repositories, present) => this.#make(repositories, present),
        open: (rows) => this.#openAll(rows),
        rewrap: (row, open) =>
          rewrapAuthorityKey(
            deps.box,
            row,
            open.some(({ record }) => record.id === row.id),
          ),
        reseal: ({ certificateAuthorities }, { id, sealed: former }, sealed) =>
          certificateAuthorities.reseal(id, former, sealed),
      },
      deps,
    );
  }

  /**
   * One that an installation can do without must not stop the others: it is left out, and said once.
   * @throws AppError INTERNAL_ERROR when it is the present root or gateway authority
   */
  async #openAll(rows: readonly SealedAuthority[]): Promise<OpenAuthority[]> {
    const { opened, failed } = await this.#tryAll(rows);
    const unreadable = rows.filter(({ id }) => failed.has(id));
    for (const { id, purpose } of unreadable.filter((row) => !this.#unreadable.has(row.id)))
      this.#deps.logger.error(
        { event: 'certificate_authority_unreadable', authority_id: id, purpose, error: failed.get(id) },
        'its key does not open or does not fit: nobody is told to trust it, and it has no revocation list',
      );
    this.#unreadable = new Set(failed.keys());
    const needed = unreadable.find((row) => isInUse(row) && atFirst.some((each) => each === row.purpose));
    if (needed !== undefined) throw failed.get(needed.id);
    return rows.flatMap(({ id }) => opened.get(id) ?? []);
  }

  async #tryAll(rows: readonly SealedAuthority[]) {
    const opened = new Map<string, OpenAuthority>();
    const failed = new Map<string, unknown>();
    const tryOne = async (record: SealedAuthority, roots: readonly string[]): Promise<void> => {
      try {
        const authority = await unsealAuthority(this.#deps.box, record, roots);
        opened.set(record.id, { record, authority, chain: chainOf(record, rows) });
      } catch (error) {
        failed.set(record.id, error);
      }
    };
    const roots = rows.filter(({ purpose }) => purpose === 'root');
    await Promise.all(roots.map((row) => tryOne(row, [])));
    // They vouch for the others.
    const pems = roots.flatMap(({ id, pem }) => (opened.has(id) ? pem : []));
    await Promise.all(rows.filter((row) => !roots.includes(row)).map((row) => tryOne(row, pems)));
    return { opened, failed };
  }

  /** Every authority there is whose key opens, the root first. Made now if this is the first start. @throws AppError INTERNAL_ERROR */
  authorities(): Promise<readonly OpenAuthority[]> {
    return this.#authorities.current();
  }

  /** Reads them again. */
  async refresh(): Promise<void> {
    await this.#authorities.refresh();
  }

  /** Reads them again, and sees whatever was committed before: a reading that is under way may have begun earlier. */
  async reread(): Promise<void> {
    await this.refresh();
    await this.refresh();
  }

  /** The authority that issues for this purpose. @throws AppError INTERNAL_ERROR */
  async issuerFor(purpose: OwnPurpose): Promise<OpenAuthority> {
    const found = (await this.authorities()).find(
      ({ record }) => record.purpose === purpose && isInUse(record),
    );
    if (found === undefined) throw new AppError('INTERNAL_ERROR', `there is no authority for ${purpose}`);
    return found;
  }

  /** Undefined: there is none, or another backend has made it and this one has not looked since (`follow`). */
  async authority(id: string): Promise<OpenAuthority | undefined> {
    return (await this.authorities()).find(({ record }) => record.id === id);
  }

  /** What other backends have made, put in use or ended counts here as well. @param stored all there are, also those whose keys are elsewhere */
  async follow(
    stored: readonly Pick<
      SealedAuthority,
      'id' | 'purpose' | 'announced_until' | 'superseded_at' | 'ended_at'
    >[],
  ): Promise<void> {
    const stateOf = (rows: typeof stored): string =>
      rows
        .filter(({ id, purpose }) => purpose !== 'web-services' && !this.#unreadable.has(id))
        .map((row) => [row.id, row.announced_until, row.superseded_at, row.ended_at].join(' '))
        .join();
    if (stateOf((await this.authorities()).map(({ record }) => record)) !== stateOf(stored))
      await this.refresh();
  }

  /**
   * One more of the purpose, by the root in use, in the caller's transaction, under the lock; known here from `follow` on.
   * @param announceS seconds until it is in use; undefined: there is no present one
   * @returns its id
   */
  async found(
    { certificateAuthorities }: Repositories,
    purpose: OwnPurpose,
    announceS?: number,
  ): Promise<string> {
    const { record: root, authority: issuer } = await this.storedRoot(certificateAuthorities);
    const announced = announceS === undefined ? {} : { announceS };
    if (purpose !== 'root') {
      const made = await makeIntermediate(this.#about(purpose), issuer);
      return this.#add(certificateAuthorities, purpose, root.id, made, announced);
    }
    const { clock = systemClock } = this.#deps;
    const { root: made, cross } = await makeNextRoot(issuer, clock.now());
    return this.#add(certificateAuthorities, purpose, null, made, {
      ...announced,
      cross: { pem: cross.pem, issuerId: root.id },
    });
  }

  /** The root in use as it is stored: what is in memory may be a moment old. @throws AppError INTERNAL_ERROR */
  async storedRoot(
    authorities: Pick<Repositories['certificateAuthorities'], 'sealed'>,
  ): Promise<Pick<OpenAuthority, 'record' | 'authority'>> {
    const record = (await authorities.sealed()).find((row) => row.purpose === 'root' && isInUse(row));
    if (record === undefined) throw new AppError('INTERNAL_ERROR', 'there is no root');
    return { record, authority: await unsealAuthority(this.#deps.box, record, []) };
  }

  /** Ids of those whose keys open, as they are stored. */
  async usable(authorities: Pick<Repositories['certificateAuthorities'], 'sealed'>): Promise<Set<string>> {
    const { opened } = await this.#tryAll(await authorities.sealed());
    return new Set(opened.keys());
  }

  /** The present one of the purpose, made now if there is none: once, however many ask. @throws AppError INTERNAL_ERROR */
  async ensure(purpose: ServicePurpose): Promise<OpenAuthority> {
    const isPresent = (row: CertificateAuthorityRecord): boolean => row.purpose === purpose && isInUse(row);
    const known = (await this.authorities()).find(({ record }) => isPresent(record));
    if (known !== undefined) return known;
    await this.#deps.store.transaction(async (repositories) => {
      await repositories.gatewayRegistry.lock();
      if (!(await repositories.certificateAuthorities.list()).some(isPresent))
        await this.found(repositories, purpose);
    });
    await this.reread();
    return this.issuerFor(purpose);
  }

  async #make({ certificateAuthorities }: Repositories, present: readonly SealedAuthority[]): Promise<void> {
    let root = present.find(({ purpose }) => purpose === 'root');
    if (root === undefined) {
      await this.#add(certificateAuthorities, 'root', null, await makeRoot(this.#about('root')));
      root = (await certificateAuthorities.sealed()).find(({ purpose }) => purpose === 'root');
    }
    if (root === undefined) throw new AppError('INTERNAL_ERROR', 'the root authority cannot be stored');
    if (!present.some(({ purpose }) => purpose === 'gateway-agents')) {
      const issuer = await unsealAuthority(this.#deps.box, root, []);
      const made = await makeIntermediate(this.#about('gateway-agents'), issuer);
      await this.#add(certificateAuthorities, 'gateway-agents', root.id, made);
    }
  }

  /** The name is unlike that of any other installation, so that nobody mistakes one for the other. */
  #about(purpose: OwnPurpose) {
    const { clock = systemClock } = this.#deps;
    const commonName = `${authorityNames[purpose]} ${randomBytes(4).toString('hex')}`;
    return { commonName, organization: ORGANIZATION, now: clock.now() };
  }

  async #add(
    authorities: Repositories['certificateAuthorities'],
    purpose: OwnPurpose,
    issuerId: string | null,
    { privateKey, pem, notBefore, notAfter }: NewAuthority,
    next: Pick<NewCertificateAuthority, 'announceS' | 'cross'> = {},
  ): Promise<string> {
    const id = uuidv7();
    const fingerprintSha256 = fingerprintOf(pem);
    const subject = new X509Certificate(pem).subject.split('\n').reverse().join(',');
    const sealed = sealAuthorityKey(this.#deps.box, { id, purpose }, privateKey);
    const record = { id, purpose, issuerId, subject, pem, fingerprintSha256, notBefore, notAfter, sealed };
    await authorities.add({ ...record, ...next });
    this.#deps.logger.info(
      {
        event: 'certificate_authority_made',
        purpose,
        authority_id: id,
        fingerprint_sha256: fingerprintSha256,
      },
      'a certificate authority is stored',
    );
    return id;
  }
}
