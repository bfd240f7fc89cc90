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
