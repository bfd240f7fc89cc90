import { X509Certificate } from 'node:crypto';
import type { AuthorityPurpose, CertificateAuthority, CertificateAuthorityList } from '@viw/contracts';
import type { CertificateAuthorityRecord } from '@viw/database';
import { isIssuedBy, pemLines } from '@viw/pki';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import { phaseOf } from '../private-ca/authority-phase';
import { trustBundle } from '../private-ca/chain';
import type { PrivateCa } from '../private-ca/private-ca';
import { vouchedAuthorities } from '../private-ca/vouched-authorities';
import type { Repositories } from '../store';

export interface PrivateCaServiceDeps {
  readonly repositories: Pick<Repositories, 'certificateAuthorities'>;
  readonly ca: Pick<PrivateCa, 'authorities' | 'follow'>;
  readonly clock?: Clock;
}

export interface PrivateCaServiceOptions {
  /** How long a former authority stays trusted at least. Seconds. */
  readonly overlapS: number;
}

/** What there is to know of viw's own certificate authorities. */
export class PrivateCaService {
  constructor(
    private readonly options: PrivateCaServiceOptions,
    private readonly deps: PrivateCaServiceDeps,
  ) {}

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<CertificateAuthority> {
    const found = (await this.list()).authorities.find((each) => each.id === id);
    if (found === undefined) throw new AppError('NOT_FOUND', 'No such certificate authority');
    return found;
  }

  async list(): Promise<CertificateAuthorityList> {
    const { certificateAuthorities } = this.deps.repositories;
    const [rows, valid] = await Promise.all([
      certificateAuthorities.list(),
      certificateAuthorities.validBelow(),
    ]);
    return {
      authorities: rows.map((row) => ({
        ...row,
        phase: phaseOf(row),
        trusted_until: phaseOf(row) === 'former' ? this.#trustedUntil(row.superseded_at ?? '') : null,
        valid_certificates: row.purpose === 'web-services' ? null : (valid.get(row.id)?.count ?? 0),
        revocation_list:
          row.crl_this_update === null || row.crl_next_update === null
            ? null
            : { number: row.crl_number, this_update: row.crl_this_update, next_update: row.crl_next_update },
        certificate_path: `/pki/ca/${row.id}.pem`,
        trust_path: `/pki/trust/${row.purpose}.pem`,
        revocation_list_path: `/pki/crl/${row.id}.crl`,
      })),
    };
  }

  /**
   * PEM of the authority and of the root that has certified it: what a server is given to accept its certificates, so only what a key of
   * this installation vouches for. @throws AppError NOT_FOUND
   */
  async bundle(id: string): Promise<Buffer> {
    const rows = await this.#vouched();
    const found = rows.find((row) => row.id === id);
    if (found === undefined) throw new AppError('NOT_FOUND', 'No such certificate authority');
    const certificate = new X509Certificate(found.pem);
    const above = rows.find(
      (row) =>
        found.purpose !== 'root' &&
        row.purpose === 'root' &&
        isIssuedBy(certificate, new X509Certificate(row.pem)),
    );
    return Buffer.from(pemLines(found.pem) + (above ? pemLines(above.pem) : ''));
  }

  /**
   * PEM of what whoever checks certificates of the purpose is to trust, through every rotation: fetched unattended, so only what a
   * key of this installation vouches for. @throws AppError NOT_FOUND
   */
  async trusted(purpose: AuthorityPurpose): Promise<Buffer> {
    const rows = await this.#vouched();
    if (!rows.some((row) => row.purpose === purpose))
      throw new AppError('NOT_FOUND', 'There is no authority of this purpose');
    return Buffer.from(trustBundle(purpose, rows, (this.deps.clock ?? systemClock).now()).join(''));
  }

  async #vouched(): Promise<CertificateAuthorityRecord[]> {
    const { repositories, ca } = this.deps;
    // At the first start they are made now, before the rows are read.
    await ca.authorities();
    const stored = await repositories.certificateAuthorities.list();
    await ca.follow(stored);
    return vouchedAuthorities(stored, await ca.authorities());
  }

  #trustedUntil(supersededAt: string): string {
    return new Date(Date.parse(supersededAt) + this.options.overlapS * 1_000).toISOString();
  }

  /** DER. @throws AppError NOT_FOUND */
  async revocationList(id: string): Promise<Buffer> {
    const list = await this.deps.repositories.certificateAuthorities.revocationList(id);
    if (list === undefined) throw new AppError('NOT_FOUND', 'No such certificate authority');
    return list;
  }
}
