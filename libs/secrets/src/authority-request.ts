import { AppError } from '@viw/runtime';
import type { SealedSecret, SecretBox } from './secret-box';

const contextOf = (id: string) => ({ purpose: 'web-authority.request', id });

/**
 * For `authority_requests.request_sealed`: who asks for an authority shows that they hold the key-encryption key, which whoever
 * writes rows does not. Nothing in it is secret; its seal is the proof. `id` is the row's.
 */
export const confirmAuthorityRequest = (box: SecretBox, id: string, request: string): SealedSecret =>
  box.seal(request, contextOf(id));

/** @throws AppError VALIDATION_FAILED unless this very request was confirmed */
export function checkAuthorityRequest(box: SecretBox, id: string, request: string, sealed: unknown): void {
  let confirmed: string;
  try {
    confirmed = box.openText(sealed, contextOf(id));
  } catch (error) {
    throw unconfirmed(id, error);
  }
  if (confirmed !== request) throw unconfirmed(id);
}

const unconfirmed = (id: string, cause?: unknown): AppError =>
  new AppError(
    'VALIDATION_FAILED',
    `nobody who holds the key-encryption key has confirmed the request for the authority ${id}`,
    { cause },
  );
