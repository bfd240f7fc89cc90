import { acmeUnavailable } from '@viw/acme';
import type { WebAuthorityRepository } from '@viw/database';
import { nextRevocationList } from '@viw/pki';
import { systemClock } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { WebAuthorityKey } from './web-authority-key';

export interface WebRevocationListDeps {
  readonly authorities: Pick<
    WebAuthorityRepository,
    'find' | 'revoked' | 'storeRevocationList' | 'forgetExpired'
  >;
  readonly key: Pick<WebAuthorityKey, 'open'>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Workers that store a list at the same time: one wins, the others look again. */
const ROUNDS = 5;

/** Keeps the revocation list of the authority for web servers current; the backend serves what is stored. */
export class WebRevocationList {
  constructor(private readonly deps: WebRevocationListDeps) {}

  /** Returns when a list with everything that is revoked now is published. @throws AppError ACME_UNAVAILABLE */
  async publish(): Promise<void> {
    const { authorities, key, logger, clock = systemClock } = this.deps;
    const { id, authority } = await key.open();
    for (let round = 0; round < ROUNDS; round++) {
      const stored = await authorities.find();
      const rows = await authorities.revoked(id);
      const revoked = rows.map(({ serial, reason, revoked_at }) => ({
        serial,
        reason,
        at: new Date(revoked_at),
      }));
      const published = {
        number: stored?.crl_number ?? 0,
        digest: stored?.crl_digest ?? null,
        thisUpdate: stored?.crl_this_update ? new Date(stored.crl_this_update) : null,
      };
      const next = await nextRevocationList(published, revoked, authority, clock.now());
      if (!next) return;
      if (!(await authorities.storeRevocationList(id, next))) continue;
      const { number } = next;
      logger.info(
        { event: 'revocation_list_published', authority_id: id, number, revoked: revoked.length },
        'a revocation list is published',
      );
      return authorities.forgetExpired();
    }
    throw acmeUnavailable('other cert-workers were publishing revocation lists all the time');
  }
}
