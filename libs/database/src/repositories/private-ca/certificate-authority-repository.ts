import type { AuthorityPurpose } from '@viw/contracts';
import { sql } from 'kysely';
import type { SealedEnvelope } from '../../schema/columns';
import type { RepositoryDeps } from '../repository';

export interface CertificateAuthorityRecord {
  readonly id: string;
  readonly purpose: AuthorityPurpose;
  readonly issuer_id: string | null;
  readonly subject: string;
  readonly pem: string;
  readonly fingerprint_sha256: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly crl_number: number;
  readonly crl_digest: string | null;
  readonly crl_this_update: string | null;
  readonly crl_next_update: string | null;
  /** Null: the present one of its purpose. */
  readonly superseded_at: string | null;
}

export interface SealedAuthority extends CertificateAuthorityRecord {
  readonly sealed: SealedEnvelope;
}

export interface NewCertificateAuthority {
  readonly id: string;
  readonly purpose: AuthorityPurpose;
  readonly issuerId: string | null;
  readonly subject: string;
  readonly pem: string;
  readonly fingerprintSha256: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The private key, as `libs/secrets` seals it; null when who asked for the authority holds it. */
  readonly sealed: SealedEnvelope | null;
}

export interface StoredRevocationList {
  /** Of the list that it follows: of two at once, one is stored. */
  readonly after: number;
  readonly number: number;
  readonly der: Buffer;
  readonly digest: string;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

const columns = [
  ...(['id', 'purpose', 'issuer_id', 'subject', 'pem', 'fingerprint_sha256'] as const),
  ...(['not_before', 'not_after'] as const),
  ...(['crl_number', 'crl_digest', 'crl_this_update', 'crl_next_update', 'superseded_at'] as const),
];

/** viw's own certificate authorities, one present one of each purpose, each with its newest revocation list. */
export class CertificateAuthorityRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  /** Oldest first; nothing secret in it. */
  list(): Promise<CertificateAuthorityRecord[]> {
    return this.deps.db
      .selectFrom('certificate_authorities')
      .select(columns)
      .orderBy('created_at')
      .orderBy('id')
      .execute();
  }

  /** The same with their private keys, of those whose keys are here. */
  sealed(): Promise<SealedAuthority[]> {
    return this.deps.db
      .selectFrom('certificate_authorities')
      .select([...columns, 'sealed'])
      .where('sealed', 'is not', null)
      .$narrowType<{ sealed: SealedEnvelope }>()
      .orderBy('created_at')
      .orderBy('id')
      .execute();
  }

  async add(authority: NewCertificateAuthority): Promise<void> {
    await this.deps.db
      .insertInto('certificate_authorities')
      .values({
        id: authority.id,
        purpose: authority.purpose,
        issuer_id: authority.issuerId,
        subject: authority.subject,
        pem: authority.pem,
        fingerprint_sha256: authority.fingerprintSha256,
        not_before: authority.notBefore,
        not_after: authority.notAfter,
        sealed: authority.sealed && JSON.stringify(authority.sealed),
      })
      .execute();
  }

  /** Makes room for the next one of its purpose. False: it was superseded before. */
  async supersede(id: string): Promise<boolean> {
    const result = await this.deps.db
      .updateTable('certificate_authorities')
      .set({ superseded_at: sql<string>`now()` })
      .where('id', '=', id)
      .where('superseded_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** The same key under another key-encryption key; nothing when somebody else has changed it meanwhile. */
  async reseal(id: string, former: SealedEnvelope, sealed: SealedEnvelope): Promise<void> {
    await sql`UPDATE viw.certificate_authorities SET sealed = ${JSON.stringify(sealed)}::jsonb
      WHERE id = ${id} AND sealed = ${JSON.stringify(former)}::jsonb`.execute(this.deps.db);
  }

  /** False: another one was stored meanwhile, and nothing has changed. */
  async storeRevocationList(id: string, list: StoredRevocationList): Promise<boolean> {
    const result = await this.deps.db
      .updateTable('certificate_authorities')
      .set({
        crl: list.der,
        crl_number: list.number,
        crl_digest: list.digest,
        crl_this_update: list.thisUpdate,
        crl_next_update: list.nextUpdate,
      })
      .where('id', '=', id)
      .where('crl_number', '=', list.after)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** DER. Undefined: no such authority, or no list yet. */
  async revocationList(id: string): Promise<Buffer | undefined> {
    const row = await this.deps.db
      .selectFrom('certificate_authorities')
      .select('crl')
      .where('id', '=', id)
      .executeTakeFirst();
    return row?.crl ?? undefined;
  }
}
