import { createPublicKey, X509Certificate } from 'node:crypto';
import { acmeRefused, certificateInfo, generatePrivateKeyPem, identifiersOf, reported } from '@viw/acme';
import type { IssuedCertificate, Issuer, IssueRequest } from '@viw/acme';
import type { WebAuthorityRepository, WebRevocationReason } from '@viw/database';
import { SERVICE_ORGANIZATION, issueService, serverNames } from '@viw/pki';
import { systemClock } from '@viw/runtime';
import type { Clock } from '@viw/runtime';
import type { WebAuthorityKey } from './web-authority-key';
import type { WebRevocationList } from './web-revocation-list';

export interface PrivateCaIssuerOptions {
  /** Life of a certificate. */
  readonly days: number;
}

export interface PrivateCaIssuerDeps {
  readonly key: Pick<WebAuthorityKey, 'open'>;
  readonly list: Pick<WebRevocationList, 'publish'>;
  readonly authorities: Pick<WebAuthorityRepository, 'revoke'>;
  readonly clock?: Clock;
}

/** RFC 5280 section 5.3.1. A list says nothing for `unspecified`, and a certificate that is revoked so is out of use. */
const REASONS: Readonly<Record<number, WebRevocationReason>> = {
  1: 'keyCompromise',
  3: 'affiliationChanged',
  4: 'superseded',
};

/** viw's own CA: nothing has to be proved, since who may order here may order for these names. */
export class PrivateCaIssuer implements Issuer {
  constructor(
    private readonly options: PrivateCaIssuerOptions,
    private readonly deps: PrivateCaIssuerDeps,
  ) {}

  /** The chain has no root: who trusts this CA has it. */
  async issue({ names, keyType, onStep, signal }: IssueRequest): Promise<IssuedCertificate> {
    const subjects = identifiersOf(names).map(({ value }) => value);
    return reported(onStep, 'finalize', async () => {
      const { chain: chainPem, authority } = await this.deps.key.open();
      const privateKeyPem = await generatePrivateKeyPem(keyType);
      signal?.throwIfAborted();
      const publicKey = createPublicKey(privateKeyPem).export({ type: 'spki', format: 'der' });
      const { clock = systemClock } = this.deps;
      const about = {
        profile: 'server' as const,
        ...serverNames(subjects),
        organization: SERVICE_ORGANIZATION,
        days: this.options.days,
        now: clock.now(),
      };
      const { pem } = await issueService(about, { publicKey }, authority);
      const result = {
        ...certificateInfo(pem),
        certificatePem: pem,
        chainPem,
        fullchainPem: pem + chainPem,
        privateKeyPem,
      };
      return { result, detail: `${result.issuer}, valid until ${result.notAfter.toISOString()}` };
    });
  }

  /** Returns when it stands on a list that is published. @throws AppError ACME_REFUSED for one of another authority */
  async revoke(certificatePem: string, reason: number): Promise<void> {
    const { key, list, authorities } = this.deps;
    const { id, pem } = await key.open();
    if (!new X509Certificate(certificatePem).checkIssued(new X509Certificate(pem)))
      throw acmeRefused('this certificate was issued by another authority than the present one', 'never');
    const { serial, notAfter } = certificateInfo(certificatePem);
    await authorities.revoke(id, { serial, notAfter, reason: REASONS[reason] ?? 'cessationOfOperation' });
    await list.publish();
  }

  async close(): Promise<void> {
    // Nothing is open.
  }
}
