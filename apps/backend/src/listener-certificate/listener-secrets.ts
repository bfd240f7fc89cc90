import type { SecretContext } from '@viw/secrets';
import { sha256Hex } from '../private-ca/fingerprint';

/**
 * Backends that are configured alike have one certificate: the same issuer (`ca`, or an ACME directory) and the same names, in
 * whatever order.
 */
export const listenerCertificateId = (issuer: string, names: readonly string[]): string =>
  sha256Hex(JSON.stringify([issuer, names.toSorted()]));

/** Of `listener_certificates.sealed`. */
export const listenerKeyContext = (id: string): SecretContext => ({
  purpose: 'listener-certificate.private-key',
  id,
});

/** Of `listener_certificates.order_sealed`. */
export const listenerOrderKeyContext = (id: string): SecretContext => ({
  purpose: 'listener-order.private-key',
  id,
});

/** Of `listener_acme_accounts.sealed`. */
export const listenerAccountContext = (directoryUrl: string): SecretContext => ({
  purpose: 'listener-acme-account.key',
  id: directoryUrl,
});
