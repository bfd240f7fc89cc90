import type { CertificateAuthority, CertificateAuthorityList } from '@viw/contracts';
import { AppError } from '@viw/runtime';
import type { Repositories } from '../store';

export interface PrivateCaServiceDeps {
  readonly repositories: Pick<Repositories, 'certificateAuthorities'>;
}

/** What there is to know of viw's own certificate authorities. */
export class PrivateCaService {
  constructor(private readonly deps: PrivateCaServiceDeps) {}

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<CertificateAuthority> {
    const found = (await this.list()).authorities.find((each) => each.id === id);
    if (found === undefined) throw new AppError('NOT_FOUND', 'No such certificate authority');
    return found;
  }

  async list(): Promise<CertificateAuthorityList> {
    const rows = await this.deps.repositories.certificateAuthorities.list();
    return {
      authorities: rows.map((row) => ({
        ...row,
        revocation_list:
          row.crl_this_update === null || row.crl_next_update === null
            ? null
            : { number: row.crl_number, this_update: row.crl_this_update, next_update: row.crl_next_update },
        certificate_path: `/pki/ca/${row.id}.pem`,
        revocation_list_path: `/pki/crl/${row.id}.crl`,
      })),
    };
  }

  /** PEM of the authority and of those above it, the root last: what a server is given to accept its certificates. @throws AppError NOT_FOUND */
  async bundle(id: string): Promise<Buffer> {
    const rows = await this.deps.repositories.certificateAuthorities.list();
    const byId = new Map(rows.map((row) => [row.id, row]));
    const pems: string[] = [];
    for (let at = byId.get(id); at !== undefined; at = byId.get(at.issuer_id ?? '')) pems.push(at.pem);
    if (pems.length === 0) throw new AppError('NOT_FOUND', 'No such certificate authority');
    return Buffer.from(pems.join(''));
  }

  /** DER. @throws AppError NOT_FOUND */
  async revocationList(id: string): Promise<Buffer> {
    const list = await this.deps.repositories.certificateAuthorities.revocationList(id);
    if (list === undefined) throw new AppError('NOT_FOUND', 'No such certificate authority');
    return list;
  }
}
