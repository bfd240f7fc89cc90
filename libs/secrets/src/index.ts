export { openBindingKey, sealBindingKey } from './account-binding';
export { type GeneratedApiKey, generateApiKey, hashApiSecret, parseApiKey, verifyApiKey } from './api-key';
export { zEncryptionKeys } from './encryption-keys';
export { formatKek, generateKek, parseKeks, type Kek } from './kek';
export { randomToken } from './random-token';
export { SecretBox, type SealedSecret, type SecretContext } from './secret-box';
export { openSshCredential, sealSshCredential, type SshCredentialSecret } from './ssh-credential';
export { generateWebhookSecret, openWebhookSecret, sealWebhookSecret } from './webhook-secret';
export * from './dns-provider-secret';
