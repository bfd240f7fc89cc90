import { AppError, systemClock } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import type { ActivatedAuthority, CertificateAuthorityRecord, ValidCertificates } from '@viw/database';
import type { Repositories, Store } from '../store';
import { isInUse, isTrusted, phaseOf } from './authority-phase';
import type { AuthorityCertifier } from './authority-certifier';
import type { PrivateCa } from './private-ca';

export interface AuthorityRotationOptions {
  /** How long the next root or authority of gateways is published before it is in use. Seconds. */
  readonly announceS: number;
  /** How long a former authority stays trusted at least. Seconds. */
  readonly overlapS: number;
}

export interface AuthorityRotationDeps {
  readonly store: Pick<Store, 'repositories' | 'transaction'>;
  readonly ca: Pick<PrivateCa, 'found' | 'follow' | 'usable'>;
  readonly certifier: Pick<AuthorityCertifier, 'recertify'>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Of one purpose. More would only make what everybody trusts, and reads, longer. */
const FORMER_MOST = 5;

export const noSuchAuthority = (): AppError => new AppError('NOT_FOUND', 'No such certificate authority');
export const superseded = (): AppError =>
  new AppError('CONFLICT', 'This authority was superseded: the present one of its purpose issues');

/**
 * The life of an authority: announced (published, so that whoever checks can learn it) → in use → former (issues nothing more,
 * trusted still) → ended. Steps are taken under the lock of the registry, so of several at once one counts.
 */
export class AuthorityRotation {
  /** Told once each, as long as they stand there. */
  #stuck: ReadonlySet<string> = new Set();

  constructor(
    private readonly options: AuthorityRotationOptions,
    private readonly deps: AuthorityRotationDeps,
  ) {}

  /**
   * Makes and announces the next one of its purpose, in the caller's transaction. Announced for no time, it is in use at once,
   * as those for services are, whose servers show the chain. Asked for a time while one is announced, that one is in use by then,
   * never later than it was to be. The authority whose key cert-workers hold is certified anew instead, and stays itself.
   * @param announceS seconds; undefined: as configured
   * @param byPerson an administrator asks. They alone may have less than the configured time, in which everybody would learn it
   * @returns the next one's id
   * @throws AppError NOT_FOUND; FORBIDDEN; CONFLICT for one that is not in use, while another one is announced and no time is said,
   *   or by a row that no key opens, for a root whose predecessor has not ended, and while five former ones of the purpose have not
   */
  async begin(
    repositories: Repositories,
    id: string,
    announceS: number | undefined,
    byPerson: boolean,
  ): Promise<string> {
    const { certificateAuthorities, gatewayRegistry } = repositories;
    await gatewayRegistry.lock();
    const rows = await certificateAuthorities.list();
    const present = rows.find((row) => row.id === id);
    if (present === undefined) throw noSuchAuthority();
    const { purpose } = present;
    if (purpose === 'web-services') {
      if (announceS !== undefined) throw new AppError('CONFLICT', 'This authority is certified anew at once');
      await this.deps.certifier.recertify(repositories, present);
      return id;
    }
    const atOnce = purpose === 'services' || purpose === 'database-services';
    if (!atOnce && !byPerson && announceS !== undefined && announceS < this.options.announceS)
      throw new AppError(
        'FORBIDDEN',
        `An administrator alone can announce it for less than ${this.options.announceS} s`,
      );
    if (phaseOf(present) === 'announced')
      throw new AppError('CONFLICT', 'This authority is announced, and not in use yet');
    if (!isInUse(present)) throw superseded();
    const announced = rows.find((row) => row.purpose === purpose && row.announced_until !== null);
    if (announced !== undefined) {
      if (!(await this.deps.ca.usable(certificateAuthorities)).has(announced.id))
        throw new AppError('CONFLICT', `No key opens the announced authority ${announced.id}`);
      if (announceS === undefined)
        throw new AppError('CONFLICT', 'A rotation is under way: the next authority is announced');
      await certificateAuthorities.bringForward(announced.id, announceS);
      await this.#activate(certificateAuthorities);
      return announced.id;
    }
    // One step back is what a chain leads over.
    if (purpose === 'root' && rows.some((row) => row.purpose === purpose && phaseOf(row) === 'former'))
      throw new AppError('CONFLICT', 'The root before this one has not ended: end it first');
    const former = rows.filter((row) => row.purpose === purpose && phaseOf(row) === 'former');
    if (former.length >= FORMER_MOST)
      throw new AppError(
        'CONFLICT',
        `${former.length} former authorities have not ended: end the oldest first`,
      );
    const next = await this.deps.ca.found(
      repositories,
      purpose,
      announceS ?? (atOnce ? 0 : this.options.announceS),
    );
    // One that is announced for no time.
    await this.#activate(certificateAuthorities);
    return next;
  }

  /**
   * Puts in use what was announced for long enough and whose key opens, and learns what other backends have done. Of several backends
   * one does it. What no key opens takes nobody's place: who can only write rows must not stop enrolments by one.
   */
  async advance(): Promise<void> {
    const { store, ca, logger } = this.deps;
    const { certificateAuthorities } = store.repositories;
    const due = await certificateAuthorities.due();
    const usable = due.length > 0 ? await ca.usable(certificateAuthorities) : new Set();
    if (due.some(({ id }) => usable.has(id))) {
      const activated = await store.transaction(async (repositories) => {
        await repositories.gatewayRegistry.lock();
        return this.#activate(repositories.certificateAuthorities);
      });
      for (const { id, purpose } of activated)
        logger.info(
          { event: 'certificate_authority_in_use', purpose, authority_id: id },
          'an announced certificate authority is in use; the former one issues nothing more',
        );
    }
    this.#tell(due.filter(({ id }) => !usable.has(id)));
    await ca.follow(await certificateAuthorities.list());
  }

  async #activate(authorities: Repositories['certificateAuthorities']): Promise<ActivatedAuthority[]> {
    return authorities.activateDue(await this.deps.ca.usable(authorities));
  }

  #tell(stuck: readonly ActivatedAuthority[]): void {
    for (const { id, purpose } of stuck.filter((each) => !this.#stuck.has(each.id)))
      this.deps.logger.error(
        { event: 'certificate_authority_not_activated', purpose, authority_id: id },
        'no key opens this announced authority: the present one goes on, and no other can be announced',
      );
    this.#stuck = new Set(stuck.map(({ id }) => id));
  }

  /**
   * Nobody is told to trust a former one any more, in the caller's transaction, and its issuer revokes it from its next list on.
   * Its own revocation lists and answers go on.
   * @param force whether it counts or not what would be cut off
   * @returns what is cut off
   * @throws AppError NOT_FOUND; CONFLICT for one that is no former one; unless forced, within the shortest overlap, and while
   *   certificates that lead to nothing else are valid
   */
  async end(repositories: Repositories, id: string, force: boolean): Promise<string[]> {
    const { certificateAuthorities, gatewayRegistry } = repositories;
    await gatewayRegistry.lock();
    const rows = await certificateAuthorities.list();
    const row = rows.find((each) => each.id === id);
    if (row === undefined) throw noSuchAuthority();
    if (phaseOf(row) !== 'former')
      throw new AppError('CONFLICT', 'Only a former authority can be ended, and only once');
    const open = leftBelow(row, rows, await certificateAuthorities.validBelow(), this.#now());
    if (row.purpose === 'root') {
      const web = await certificateAuthorities.webByFormerChain();
      if (web !== undefined) open.push(`certificates for web servers: ${validText(web)}`);
    }
    const until = Date.parse(row.superseded_at ?? '') + this.options.overlapS * 1_000;
    if (!force && this.#now() < until)
      throw new AppError('CONFLICT', `It is to be trusted until ${new Date(until).toISOString()} at least`);
    if (!force && open.length > 0) throw new AppError('CONFLICT', `It is needed still: ${open.join('; ')}`);
    await certificateAuthorities.end(id);
    return open;
  }

  #now(): number {
    return (this.deps.clock ?? systemClock).now();
  }
}

const validText = ({ count, last, some }: ValidCertificates): string =>
  `${count} certificates are valid, the last until ${last}: ${some.join(', ')}` +
  (count > some.length ? ', ...' : '');

/** What leads to this authority and to no other. */
function leftBelow(
  authority: CertificateAuthorityRecord,
  all: readonly CertificateAuthorityRecord[],
  valid: ReadonlyMap<string, ValidCertificates>,
  now: number,
): string[] {
  const own = valid.get(authority.id);
  const below = all.filter(
    (row) => row.issuer_id === authority.id && isTrusted(row, now) && (isInUse(row) || valid.has(row.id)),
  );
  return [
    ...(own === undefined ? [] : [validText(own)]),
    ...below.map(
      (row) =>
        `the authority for ${row.purpose} ${row.id} is below it, ` +
        (isInUse(row) ? 'in use' : `with ${valid.get(row.id)?.count ?? 'certain'} valid certificates`),
    ),
  ];
}
