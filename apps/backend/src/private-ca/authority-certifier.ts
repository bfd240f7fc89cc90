import { X509Certificate, randomBytes } from 'node:crypto';
import type { AuthorityRequestRecord, CertificateAuthorityRecord } from '@viw/database';
import { certifyServerAuthority, readRequest, recertifyServerAuthority } from '@viw/pki';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock, Logger } from '@viw/runtime';
import { checkAuthorityRequest } from '@viw/secrets';
import type { SecretBox } from '@viw/secrets';
import type { Repositories, Store } from '../store';
import { authorityNames } from './authority-names';
import { isInUse } from './authority-phase';
import { fingerprintOf } from './fingerprint';
import { ORGANIZATION } from './private-ca';
import type { PrivateCa } from './private-ca';
import { isWebAuthority } from './vouched-authorities';

export interface AuthorityCertifierOptions {
  /** DNS names and addresses that it is not to count for. */
  readonly excluded: readonly string[];
}

export interface AuthorityCertifierDeps {
  readonly store: Pick<Store, 'repositories' | 'transaction'>;
  readonly ca: Pick<PrivateCa, 'authorities' | 'issuerFor' | 'storedRoot'>;
  readonly box: SecretBox;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * Certifies, by the root, the one authority whose key cert-workers hold: for servers of TLS only, so that nobody there can
 * make a certificate that a hub or this API would take for a client's, nor one for a server of viw's own names. Of the request its key alone counts,
 * and only when a holder of the key-encryption key has confirmed it: a row proves nothing (docs/adr/0034).
 */
export class AuthorityCertifier {
  /** Told once each; looked at again, since it may be confirmed yet. */
  #refused: ReadonlySet<string> = new Set();

  constructor(
    private readonly options: AuthorityCertifierOptions,
    private readonly deps: AuthorityCertifierDeps,
  ) {}

  /** Of several backends one does it. */
  async run(): Promise<void> {
    const refused = new Set<string>();
    for (const asked of await this.deps.store.repositories.webAuthorities.requests()) {
      try {
        await this.#certify(asked);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'VALIDATION_FAILED') throw error;
        refused.add(asked.id);
        if (this.#refused.has(asked.id)) continue;
        this.deps.logger.error(
          { event: 'authority_request_refused', authority_id: asked.id, error },
          'this request is certified by nobody',
        );
      }
    }
    this.#refused = refused;
  }

  /**
   * The same authority once more, by the root in use and without the names of now, in the caller's transaction: its key and its
   * revocation lists stay, and cert-workers show the new certificate from their next issuance on.
   * @throws AppError CONFLICT when its certificate, whose key and name are taken, is none for web servers by one of the roots
   */
  async recertify(
    { certificateAuthorities }: Pick<Repositories, 'certificateAuthorities'>,
    { id, pem: former }: CertificateAuthorityRecord,
  ): Promise<void> {
    const { ca, clock = systemClock, logger } = this.deps;
    if (!isWebAuthority(former, await ca.authorities()))
      throw new AppError('CONFLICT', 'No root of viw has certified this authority for web servers');
    const { record: root, authority } = await ca.storedRoot(certificateAuthorities);
    const bounds = { now: clock.now(), ...this.options };
    const { pem, notBefore, notAfter } = await recertifyServerAuthority(former, bounds, authority);
    const fingerprintSha256 = fingerprintOf(pem);
    const certified = { issuerId: root.id, pem, fingerprintSha256, notBefore, notAfter };
    await certificateAuthorities.recertify(id, certified);
    logger.info(
      { event: 'certificate_authority_recertified', authority_id: id, fingerprint_sha256: fingerprintSha256 },
      'the authority that cert-workers hold is certified anew',
    );
  }

  async #certify({ id, purpose, request, request_sealed }: AuthorityRequestRecord): Promise<void> {
    const { store, ca, box, clock = systemClock, logger } = this.deps;
    checkAuthorityRequest(box, id, request, request_sealed);
    const root = await ca.issuerFor('root');
    const commonName = `${authorityNames[purpose]} ${randomBytes(4).toString('hex')}`;
    const about = { commonName, organization: ORGANIZATION, now: clock.now(), ...this.options };
    const { pem, notBefore, notAfter } = await certifyServerAuthority(
      about,
      await readRequest(request),
      root.authority,
    );
    const fingerprintSha256 = fingerprintOf(pem);
    const subject = new X509Certificate(pem).subject.split('\n').reverse().join(',');
    const stored = await store.transaction(
      async ({ gatewayRegistry, certificateAuthorities, webAuthorities }) => {
        await gatewayRegistry.lock();
        // The root was superseded meanwhile: the next turn has the present one.
        const rows = await certificateAuthorities.list();
        if (!rows.some((row) => row.id === root.record.id && isInUse(row))) return false;
        if (!(await webAuthorities.requests()).some((open) => open.id === id)) return false;
        const named = { id, purpose, issuerId: root.record.id, subject };
        await certificateAuthorities.add({
          ...named,
          pem,
          fingerprintSha256,
          notBefore,
          notAfter,
          sealed: null,
        });
        return true;
      },
    );
    if (!stored) return;
    logger.info(
      {
        event: 'certificate_authority_made',
        purpose,
        authority_id: id,
        fingerprint_sha256: fingerprintSha256,
      },
      'an authority is certified for cert-workers, which hold its key',
    );
  }
}
