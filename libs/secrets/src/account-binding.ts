import type { SealedSecret, SecretBox } from './secret-box';

const contextOf = (id: string) => ({ purpose: 'acme-account.binding-key', id });

/** For `acme_accounts.eab_key_sealed`: the backend seals, only the cert-worker opens. `id` is the row's; the key as the CA gave it. */
export const sealBindingKey = (box: SecretBox, id: string, hmacKey: string): SealedSecret =>
  box.seal(hmacKey, contextOf(id));

/** @throws AppError INTERNAL_ERROR when it does not open */
export const openBindingKey = (box: SecretBox, id: string, sealed: unknown): string =>
  box.openText(sealed, contextOf(id));
