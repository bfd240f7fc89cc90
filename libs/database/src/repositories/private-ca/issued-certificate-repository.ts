import { sql } from 'kysely';
import type { SerialStatus } from './service-certificate-repository';
import type { RepositoryDeps } from '../repository';

export interface NewIssuedCertificate {
  readonly authorityId: string;
  readonly serial: string;
  readonly agentId: string;
  readonly fingerprintSha256: string;
  readonly keySha256: string;
  readonly pem: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** RFC 5280 section 5.3.1. `superseded`: by the next certificate of its gateway, whose overlap is over. */
export type ListedReason = 'keyCompromise' | 'cessationOfOperation' | 'superseded';

export interface ListedCertificate {
  readonly serial: string;
  readonly at: string;
  readonly reason: ListedReason;
}

/** Over the credentials `c` of a certificate: hubs take it no more, since when and why. */
const isOver = sql<boolean>`(NOT bool_or(c.active) AND (bool_or(c.revoked_at IS NOT NULL)
  OR max(coalesce(c.overlap_until, c.replaced_at)) <= now()))`;
const since = sql<string>`min(coalesce(c.revoked_at, c.replaced_at))`;
const reason = sql<ListedReason>`CASE WHEN bool_or(g.state = 'decommissioned') THEN 'cessationOfOperation'
  WHEN bool_or(c.revoked_at IS NOT NULL) THEN 'keyCompromise' ELSE 'superseded' END`;

/** What the private authorities have issued to gateways. Which of them count stands in `gateway_credentials`. */
export class IssuedCertificateRepository {
  constructor(private readonly deps: RepositoryDeps) {}

  async add(issued: NewIssuedCertificate): Promise<void> {
    await this.deps.db
      .insertInto('issued_certificates')
      .values({
        authority_id: issued.authorityId,
        serial: issued.serial,
        agent_id: issued.agentId,
        fingerprint_sha256: issued.fingerprintSha256,
        key_sha256: issued.keySha256,
        pem: issued.pem,
        not_before: issued.notBefore,
        not_after: issued.notAfter,
      })
      .execute();
  }

  /** PEM of the certificate that the gateway has for this key by this authority, if that is the one in force and was issued so few seconds ago. */
  async inForce(
    authorityId: string,
    agentId: string,
    keySha256: string,
    withinS: number,
  ): Promise<string | undefined> {
    const row = await this.deps.db
      .selectFrom('issued_certificates as i')
      .innerJoin('gateway_credentials as c', 'c.certificate_sha256', 'i.fingerprint_sha256')
      .select('i.pem')
      .where('i.authority_id', '=', authorityId)
      .where('i.agent_id', '=', agentId)
      .where('c.agent_id', '=', agentId)
      .where('c.active', '=', true)
      .where('i.key_sha256', '=', keySha256)
      .where('i.not_after', '>', sql<string>`now()`)
      .where('i.created_at', '>', sql<string>`now() - make_interval(secs => ${withinS})`)
      .executeTakeFirst();
    return row?.pem;
  }

  /** Those that hubs take no more and that have not been expired for a week, by serial number. */
  async listed(authorityId: string): Promise<ListedCertificate[]> {
    const { rows } = await sql<ListedCertificate>`
      SELECT i.serial, ${since} AS at, ${reason} AS reason
      FROM viw.issued_certificates i
      JOIN viw.gateway_credentials c ON c.certificate_sha256 = i.fingerprint_sha256
      JOIN viw.os_gateways g ON g.agent_id = i.agent_id
      WHERE i.authority_id = ${authorityId} AND i.not_after > now() - interval '7 days'
      GROUP BY i.serial
      HAVING ${isOver}
      ORDER BY i.serial`.execute(this.deps.db);
    return rows;
  }

  /** Of those that there are; by the same rule as `listed`. */
  async statuses(authorityId: string, serials: readonly string[]): Promise<SerialStatus[]> {
    const { rows } = await sql<SerialStatus>`
      SELECT i.serial, CASE WHEN ${isOver} THEN jsonb_build_object('at', ${since}, 'reason', ${reason}) END AS revoked
      FROM viw.issued_certificates i
      LEFT JOIN viw.gateway_credentials c ON c.certificate_sha256 = i.fingerprint_sha256
      LEFT JOIN viw.os_gateways g ON g.agent_id = i.agent_id
      WHERE i.authority_id = ${authorityId} AND i.serial = ANY(${[...serials]}::text[])
      GROUP BY i.serial`.execute(this.deps.db);
    return rows;
  }

  /** Those that have been expired for 90 days. */
  async forgetExpired(): Promise<void> {
    await sql`DELETE FROM viw.issued_certificates WHERE not_after < now() - interval '90 days'`.execute(
      this.deps.db,
    );
  }
}
