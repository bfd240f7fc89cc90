import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { id_kp_OCSPSigning, id_pkix_ocsp_nocheck } from '@peculiar/asn1-ocsp';
import type { Authority } from '../authority';
import { issue } from '../issue';
import { validityOf } from '../validity';
import { x509 } from '../x509';

/** Who answers in the name of an authority. */
export interface OcspResponder {
  readonly authority: x509.X509Certificate;
  readonly certificate: x509.X509Certificate;
  readonly privateKey: KeyObject;
  readonly notAfter: Date;
}

const DER_NULL = Buffer.from('0500', 'hex');

/**
 * A delegated responder (RFC 6960 section 4.2.2.2): the authority's own key signs no answers. Its certificate cannot be revoked
 * (`id-pkix-ocsp-nocheck`), so it is short-lived, and its key is nowhere but in memory.
 */
export async function makeResponder(
  { organization, days, now }: { readonly organization: string; readonly days: number; readonly now: number },
  authority: Authority,
): Promise<OcspResponder> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { pem, notAfter } = await issue(
    {
      subject: [{ O: [organization] }, { CN: ['viw OCSP responder'] }],
      publicKey: new x509.PublicKey(publicKey.export({ type: 'spki', format: 'der' })),
      validity: validityOf(now, days, authority.certificate),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([id_kp_OCSPSigning]),
        new x509.Extension(id_pkix_ocsp_nocheck, false, DER_NULL),
      ],
    },
    authority,
  );
  const certificate = new x509.X509Certificate(pem);
  return { authority: authority.certificate, certificate, privateKey, notAfter };
}
