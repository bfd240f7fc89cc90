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

  /** Of several backends one stores the next list. */
  async refresh(): Promise<void> {
    const { certificateAuthorities, issuedCertificates, serviceCertificates } = this.deps.store.repositories;
    const rows = await certificateAuthorities.list();
    await this.deps.ca.follow(rows);
    const stored = new Map(rows.map((row) => [row.id, row]));
    for (const open of await this.deps.ca.authorities()) {
      // Nobody believes a list longer than its authority.
      if (Date.parse(open.record.not_after) <= this.#now()) continue;
      const present = stored.get(open.record.id);
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
      if (present?.crl_digest === digest && this.#now() < due) continue;
      await this.#publish(open, present?.crl_number ?? 0, revoked, digest);
    }
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
