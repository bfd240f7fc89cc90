import { AppError } from '@viw/runtime';
import type { SealedSecret, SecretBox } from './secret-box';

const contextOf = (id: string) => ({ purpose: 'dns-provider.secret', id });

/** For `dns_providers.sealed`: the backend seals, only the cert-worker opens. `id` is the row's. */
export const sealDnsProviderSecret = (
  box: SecretBox,
  id: string,
  secret: Readonly<Record<string, unknown>>,
): SealedSecret => box.seal(JSON.stringify(secret), contextOf(id));

/** @throws AppError INTERNAL_ERROR when it does not open or holds no object; never quotes what it found */
export function openDnsProviderSecret(box: SecretBox, id: string, sealed: unknown): unknown {
  const text = box.openText(sealed, contextOf(id));
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new AppError('INTERNAL_ERROR', `the secret of DNS provider ${id} holds something else`);
  }
}
