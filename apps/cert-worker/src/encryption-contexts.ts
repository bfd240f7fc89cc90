import type { SecretContext } from '@viw/secrets';

/** Of `certificate_versions.private_key_sealed`. */
export const certificateKeyContext = (versionId: string): SecretContext => ({
  purpose: 'certificate-version.private-key',
  id: versionId,
});

/** Of `certificate_order_keys.private_key_sealed`. */
export const orderKeyContext = (operationId: string): SecretContext => ({
  purpose: 'certificate-order.private-key',
  id: operationId,
});

/** Of `acme_accounts.key_sealed`. */
export const accountKeyContext = (accountId: string): SecretContext => ({
  purpose: 'acme-account.key',
  id: accountId,
});

/** Of `authority_requests.key_sealed`. */
export const webAuthorityKeyContext = (authorityId: string): SecretContext => ({
  purpose: 'web-authority.key',
  id: authorityId,
});
