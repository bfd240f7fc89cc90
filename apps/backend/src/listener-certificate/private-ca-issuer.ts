import { X509Certificate, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { SERVICE_ORGANIZATION, issueService, serverNames } from '@viw/pki';
import { AppError, systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import { fingerprintOf } from '../private-ca/fingerprint';
import type { PrivateCa } from '../private-ca/private-ca';
import type { Repositories } from '../store';
import type { FailedListenerAttempt, IssuedForListener, ListenerIssuer } from './listener-issuer';

const HOUR_MS = 3_600_000;
/** As that of a public CA: a month is left when it is renewed, before what watches expiry cries. */
const LIFE_DAYS = 90;
const RENEWED_AFTER = 2 / 3;
const newKeyPair = promisify(generateKeyPair);

export interface PrivateCaIssuerDeps {
  readonly ca: Pick<PrivateCa, 'ensure'>;
  /** What is issued is known there, to OCSP and to whoever revokes. */
  readonly repositories: Pick<Repositories, 'serviceCertificates'>;
  readonly clock?: Clock;
}

/** The listener's certificate by viw's own authority for services. Its root is what clients trust. */
export class PrivateCaIssuer implements ListenerIssuer {
  constructor(
    private readonly options: { readonly names: readonly string[] },
    private readonly deps: PrivateCaIssuerDeps,
  ) {}

  /** @throws AppError INTERNAL_ERROR when there is no authority that lives on for a while, or it does not open */
  async issue(): Promise<IssuedForListener> {
    const { record, authority, chain } = await this.deps.ca.ensure('services');
    const now = this.#now();
    if (authority.certificate.notAfter.getTime() < now + HOUR_MS)
      throw new AppError('INTERNAL_ERROR', 'the authority for services has reached its end');
    const { publicKey, privateKey } = await newKeyPair('ec', { namedCurve: 'P-256' });
    const { names } = this.options;
    const { pem, serial, notBefore, notAfter } = await issueService(
      {
        profile: 'server',
        ...serverNames(names),
        organization: SERVICE_ORGANIZATION,
        days: LIFE_DAYS,
        now,
      },
      { publicKey: publicKey.export({ type: 'spki', format: 'der' }) },
      authority,
    );
    await this.deps.repositories.serviceCertificates.add({
      authorityId: record.id,
      serial,
      profile: 'server',
      subject: new X509Certificate(pem).subject.split('\n').reverse().join(','),
      names: [...names],
      pem,
      notBefore,
      notAfter,
      fingerprintSha256: fingerprintOf(pem),
    });
    return {
      pem: pem + chain.join(''),
      privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      notAfter,
      renewAt: new Date(now + (notAfter.getTime() - now) * RENEWED_AFTER),
    };
  }

  nextAttempt(_error: unknown, { failures }: FailedListenerAttempt): Date {
    return new Date(this.#now() + Math.min(HOUR_MS, 60_000 * 2 ** Math.min(failures - 1, 10)));
  }

  async close(): Promise<void> {
    // Nothing is held.
  }

  #now(): number {
    return (this.deps.clock ?? systemClock).now();
  }
}
