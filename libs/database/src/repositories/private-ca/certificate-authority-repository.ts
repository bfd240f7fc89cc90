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
  /** Null: the present one of its purpose, or an announced one. */
  readonly superseded_at: string | null;
  /** Published, and in use from then on; null: it is, or was, in use. */
  readonly announced_until: string | null;
  /** Since when nobody is told to trust it. */
  readonly ended_at: string | null;
  /** Of a root: its name and key, signed by the root before it, which is `cross_issuer_id`. */
  readonly cross_pem: string | null;
  readonly cross_issuer_id: string | null;
  /** By which it was certified before. */
  readonly former_pems: readonly string[];
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
  /** Seconds until it is in use, by the clock of Postgres; none: it is at once. */
  readonly announceS?: number;
  /** Of a root after another one. */
  readonly cross?: { readonly pem: string; readonly issuerId: string };
}

export interface ActivatedAuthority {
  readonly id: string;
  readonly purpose: AuthorityPurpose;
}

/** What somebody shows or is shown, and would be refused without its authority. */
export interface ValidCertificates {
  readonly count: number;
  /** When the last of them ends. */
  readonly last: string;
  /** Gateways or subjects, five at most. */
  readonly some: readonly string[];
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
  ...(['announced_until', 'ended_at', 'cross_pem', 'cross_issuer_id', 'former_pems'] as const),
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
        // Not rounded up: with 0 seconds its time has come.
        announced_until:
          authority.announceS === undefined
            ? null
            : sql<string>`date_trunc('milliseconds', now()) + make_interval(secs => ${authority.announceS})`,
        cross_pem: authority.cross?.pem ?? null,
        cross_issuer_id: authority.cross?.issuerId ?? null,
      })
      .execute();
  }

  /** Announced ones whose time has come. */
  async due(): Promise<ActivatedAuthority[]> {
    const { rows } =
      await sql<ActivatedAuthority>`SELECT id, purpose FROM viw.certificate_authorities WHERE announced_until <= now()`.execute(
        this.deps.db,
      );
    return rows;
  }

  /** An announced one is in use in so many seconds, if it was not to be sooner. */
  async bringForward(id: string, announceS: number): Promise<void> {
    await sql`UPDATE viw.certificate_authorities SET announced_until =
        least(announced_until, date_trunc('milliseconds', now()) + make_interval(secs => ${announceS}))
      WHERE id = ${id}::uuid AND announced_until IS NOT NULL`.execute(this.deps.db);
  }

  /**
   * Announced ones whose time has come take the place of the present ones; in a transaction, under the lock of the registry.
   * @param usable ids of those that may; whatever else is announced stays that
   * @returns those that are in use now
   */
  async activateDue(usable: Iterable<string>): Promise<ActivatedAuthority[]> {
    const ids = [...usable];
    await sql`UPDATE viw.certificate_authorities p SET superseded_at = now()
      FROM viw.certificate_authorities a
      WHERE a.announced_until <= now() AND a.id = ANY(${ids}::uuid[]) AND p.purpose = a.purpose AND p.superseded_at IS NULL
        AND p.announced_until IS NULL`.execute(this.deps.db);
    const { rows } =
      await sql<ActivatedAuthority>`UPDATE viw.certificate_authorities SET announced_until = NULL
      WHERE announced_until <= now() AND id = ANY(${ids}::uuid[]) RETURNING id, purpose`.execute(
        this.deps.db,
      );
    return rows;
  }

  /** Nobody is told to trust a former one any more. False: it is none, or has ended before. */
  async end(id: string): Promise<boolean> {
    const result = await this.deps.db
      .updateTable('certificate_authorities')
      .set({ ended_at: sql<string>`now()` })
      .where('id', '=', id)
      .where('superseded_at', 'is not', null)
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** The web authority alone: the same name and key, certified anew. The last twenty certificates of before are remembered. */
  async recertify(
    id: string,
    by: Pick<NewCertificateAuthority, 'pem' | 'fingerprintSha256' | 'notBefore' | 'notAfter'> & {
      readonly issuerId: string;
    },
  ): Promise<void> {
    await sql`UPDATE viw.certificate_authorities SET pem = ${by.pem},
        former_pems = (former_pems || pem)[greatest(1, cardinality(former_pems) - 18):],
        issuer_id = ${by.issuerId}::uuid, fingerprint_sha256 = ${by.fingerprintSha256},
        not_before = ${by.notBefore}::timestamptz, not_after = ${by.notAfter}::timestamptz
      WHERE id = ${id}::uuid AND purpose = 'web-services'`.execute(this.deps.db);
  }

  /** Certificates for web servers in service that are shown with another certificate of their authority than the present one. */
  async webByFormerChain(): Promise<ValidCertificates | undefined> {
    const { rows } = await sql<ValidCertificates>`
      SELECT count(*)::int AS count, max(v.not_after) AS last, (array_agg(v.names[1] ORDER BY v.names[1]))[1:5] AS some
      FROM viw.certificate_authorities a
      JOIN viw.certificates c ON c.issuer = 'private-ca' AND c.deleted_at IS NULL
      JOIN viw.certificate_versions v ON v.id = c.current_version_id
      WHERE a.purpose = 'web-services' AND v.not_after > now() AND v.revoked_at IS NULL
        AND strpos(v.issuer, 'viw web services') > 0 AND strpos(v.chain_pem, a.pem) = 0`.execute(
      this.deps.db,
    );
    return rows[0]?.count === 0 ? undefined : rows[0];
  }

  /** Of each authority that has any: what it has issued to gateways and services and what still counts. */
  async validBelow(): Promise<ReadonlyMap<string, ValidCertificates>> {
    const { rows } = await sql<ValidCertificates & { authority_id: string }>`
      SELECT authority_id, count(*)::int AS count, max(not_after) AS last, (array_agg(holder ORDER BY holder))[1:5] AS some
      FROM (
        SELECT i.authority_id, i.not_after, i.agent_id AS holder FROM viw.issued_certificates i
          WHERE i.not_after > now() AND EXISTS (SELECT FROM viw.gateway_credentials c
            WHERE c.certificate_sha256 = i.fingerprint_sha256 AND (c.active OR (c.revoked_at IS NULL
              AND coalesce(c.overlap_until, c.replaced_at) > now())))
        UNION ALL
        SELECT authority_id, not_after, subject FROM viw.service_certificates
          WHERE not_after > now() AND revoked_at IS NULL
      ) valid GROUP BY authority_id`.execute(this.deps.db);
    return new Map(rows.map(({ authority_id: id, ...valid }) => [id, valid]));
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
