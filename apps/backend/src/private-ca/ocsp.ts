import { isRetryableDatabaseError } from '@viw/database';
import { issuerNames, makeOcspResponse, makeResponder, ocspRefusal, readOcspRequest } from '@viw/pki';
import type { AskedCertificate, CertificateStatus, OcspQuestion, OcspResponder } from '@viw/pki';
import { systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { Store } from '../store';
import { authoritiesBelow } from './authorities-below';
import { ORGANIZATION } from './private-ca';
import type { OpenAuthority, PrivateCa } from './private-ca';

const MINUTE_MS = 60_000;
/** For readers whose clock is a little late. */
const BACKDATED_MS = 5 * MINUTE_MS;
/** How long an answer may be kept, and a server may staple it while this backend is away. */
const ANSWER_LIFE_MS = 4 * 60 * MINUTE_MS;
const RESPONDER_DAYS = 7;
/** Whoever asks for issuers that nobody knows costs one query in this time. */
const LOOKED_EVERY_MS = 1_000;
/** Before the end of its certificate. */
const RESPONDER_RENEWED_MS = 3 * 24 * 60 * MINUTE_MS;

export interface OcspDeps {
  readonly store: Pick<Store, 'repositories'>;
  readonly ca: Pick<PrivateCa, 'authorities' | 'follow'>;
  readonly clock?: Clock;
}

/**
 * Says of every certificate of viw's authorities whether it counts (RFC 6960), as of this moment: by the same rows as revocation
 * lists, without waiting for the next one. Each backend signs by responders of its own. Safe for concurrent use.
 */
export class Ocsp {
  readonly #responders = new Map<string, Promise<OcspResponder>>();
  /** By authority; what a certificate says never changes. */
  readonly #names = new Map<string, ReadonlySet<string>>();
  /** For authorities that another backend has made; by the clock. */
  #lookedAt = 0;

  constructor(private readonly deps: OcspDeps) {}

  /** DER in, DER out; whatever is asked, there is an answer. */
  async answer(der: Buffer): Promise<Buffer> {
    const question = readOcspRequest(der);
    if (question === undefined) return ocspRefusal('malformedRequest');
    try {
      const open = await this.#authorityOf(question);
      return open === undefined ? ocspRefusal('unauthorized') : await this.#sign(open, question);
    } catch (error) {
      if (isRetryableDatabaseError(error)) return ocspRefusal('tryLater');
      throw error;
    }
  }

  /** One for all that is asked: nobody answers in the name of another. */
  async #authorityOf(question: OcspQuestion): Promise<OpenAuthority | undefined> {
    const known = await this.#known(question);
    if (known !== undefined || this.#now() - this.#lookedAt < LOOKED_EVERY_MS) return known;
    this.#lookedAt = this.#now();
    await this.deps.ca.follow(await this.deps.store.repositories.certificateAuthorities.list());
    return this.#known(question);
  }

  async #known({ certificates }: OcspQuestion): Promise<OpenAuthority | undefined> {
    const authorities = await this.deps.ca.authorities();
    return authorities.find((open) => {
      const names = this.#namesOf(open);
      return certificates.every(({ issuer }) => names.has(issuer));
    });
  }

  #namesOf({ record, authority }: OpenAuthority): ReadonlySet<string> {
    const known = this.#names.get(record.id) ?? new Set(issuerNames(authority.certificate));
    this.#names.set(record.id, known);
    return known;
  }

  async #sign(open: OpenAuthority, { certificates, nonce }: OcspQuestion): Promise<Buffer> {
    const known = await this.#statuses(open, certificates);
    const statuses = certificates.map((asked) => ({
      asked,
      status: asked.serial === undefined ? ('unknown' as const) : (known.get(asked.serial) ?? 'unknown'),
    }));
    const now = this.#now();
    const [thisUpdate, nextUpdate] = [new Date(now - BACKDATED_MS), new Date(now + ANSWER_LIFE_MS)];
    return makeOcspResponse({ statuses, nonce, thisUpdate, nextUpdate }, await this.#responder(open));
  }

  async #statuses(
    { record }: OpenAuthority,
    asked: readonly AskedCertificate[],
  ): Promise<ReadonlyMap<string, CertificateStatus>> {
    const { certificateAuthorities, issuedCertificates, serviceCertificates } = this.deps.store.repositories;
    const serials = asked.flatMap(({ serial }) => serial ?? []);
    if (serials.length === 0) return new Map();
    const rows = [
      ...authoritiesBelow(record, await certificateAuthorities.list()),
      ...(await issuedCertificates.statuses(record.id, serials)),
      ...(await serviceCertificates.statuses(record.id, serials)),
    ];
    return new Map(
      rows.map(({ serial, revoked }): [string, CertificateStatus] => [
        serial,
        revoked === null ? 'good' : { at: new Date(revoked.at), reason: revoked.reason },
      ]),
    );
  }

  /** Made at need, by one of those who ask at once. */
  async #responder({ record, authority }: OpenAuthority): Promise<OcspResponder> {
    const present = await this.#responders.get(record.id)?.catch(() => undefined);
    if (present !== undefined && present.notAfter.getTime() - this.#now() > RESPONDER_RENEWED_MS)
      return present;
    const made = makeResponder(
      { organization: ORGANIZATION, days: RESPONDER_DAYS, now: this.#now() },
      authority,
    );
    this.#responders.set(record.id, made);
    return made;
  }

  #now(): number {
    return (this.deps.clock ?? systemClock).now();
  }
}
