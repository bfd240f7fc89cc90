import { isRetryableDatabaseError } from '@viw/database';
import type { CertificateAuthorityRecord } from '@viw/database';
import { makeRevocationList } from '@viw/pki';
import type { Revocation } from '@viw/pki';
import { systemClock } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { Store } from '../store';
import { authoritiesBelow } from './authorities-below';
import { sha256Hex } from './fingerprint';
import type { OpenAuthority, PrivateCa } from './private-ca';

const DAY_MS = 86_400_000;
/** How long a list counts. Whoever fetches one a day has six days to notice that no new one comes. */
const LIFE_MS = 7 * DAY_MS;
const RENEWED_AFTER_MS = DAY_MS;
/** For readers whose clock is a little late. */
const BACKDATED_MS = 300_000;

export interface RevocationListsDeps {
  readonly store: Pick<Store, 'repositories'>;
  readonly ca: Pick<PrivateCa, 'authorities' | 'follow'>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * Keeps the revocation list of every authority current: a new one when hubs take a certificate no more, when an authority
 * below has ended, and once a day. It says what hubs go by, not what somebody has noted beside it.
 */
export class RevocationLists {
  constructor(private readonly deps: RevocationListsDeps) {}

  /**
   * Of several backends one stores the next list.
   * @throws what one authority's list has failed by, once all others are current
   */
  async refresh(): Promise<void> {
    const { store, ca, logger } = this.deps;
    const rows = await store.repositories.certificateAuthorities.list();
    await ca.follow(rows);
    const failed: unknown[] = [];
    const stored = new Map(rows.map((row) => [row.id, row]));
    for (const open of await ca.authorities()) {
      // Nobody believes a list longer than its authority.
      if (Date.parse(open.record.not_after) <= this.#now()) continue;
      try {
        await this.#refresh(open, stored.get(open.record.id), rows);
      } catch (error) {
        if (isRetryableDatabaseError(error)) throw error;
        const { id, purpose } = open.record;
        logger.error(
          { event: 'revocation_list_failed', authority_id: id, purpose, error },
          'this authority has no new revocation list; the others are not concerned',
        );
        failed.push(error);
      }
    }
    if (failed.length > 0) throw failed[0];
  }

  async #refresh(
    open: OpenAuthority,
    present: CertificateAuthorityRecord | undefined,
    rows: readonly CertificateAuthorityRecord[],
  ): Promise<void> {
    const { issuedCertificates, serviceCertificates } = this.deps.store.repositories;
    const ended = authoritiesBelow(open.record, rows).flatMap(({ serial, revoked }) =>
      revoked === null ? [] : [{ serial, ...revoked }],
    );
    const listed = [
      ...ended,
      ...(await issuedCertificates.listed(open.record.id)),
      ...(await serviceCertificates.listed(open.record.id)),
    ];
    const revoked = listed.map((row): Revocation => ({ ...row, at: new Date(row.at) }));
    const digest = sha256Hex(JSON.stringify(revoked));
    const due = Date.parse(present?.crl_this_update ?? '') + RENEWED_AFTER_MS;
    if (present?.crl_digest === digest && this.#now() < due) return;
    await this.#publish(open, present?.crl_number ?? 0, revoked, digest);
  }

  async #publish(
    { record, authority }: OpenAuthority,
    after: number,
    revoked: readonly Revocation[],
    digest: string,
  ): Promise<void> {
    const now = this.#now();
    const thisUpdate = new Date(now - BACKDATED_MS);
    const nextUpdate = new Date(now + LIFE_MS);
    // Higher than those which a restored database has forgotten, too.
    const number = Math.max(after + 1, Math.floor(now / 1_000));
    const der = await makeRevocationList({ number, thisUpdate, nextUpdate, revoked }, authority);
    const { certificateAuthorities, issuedCertificates, serviceCertificates } = this.deps.store.repositories;
    const list = { after, number, der, digest, thisUpdate, nextUpdate };
    if (!(await certificateAuthorities.storeRevocationList(record.id, list))) return;
    this.deps.logger.info(
      {
        event: 'revocation_list_published',
        authority_id: record.id,
        number,
        revoked: revoked.length,
      },
      'a revocation list is published',
    );
    await issuedCertificates.forgetExpired();
    await serviceCertificates.forgetExpired();
  }

  #now(): number {
    return (this.deps.clock ?? systemClock).now();
  }
}
