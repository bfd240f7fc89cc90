import type { SealedAuthority } from '@viw/database';
import { openAuthority } from '@viw/pki';
import type { Authority } from '@viw/pki';
import { AppError } from '@viw/runtime';
import type { SealedSecret, SecretBox, SecretContext } from '@viw/secrets';
import { isCertifiedFor } from './authority-names';

type Sealed = Pick<SealedAuthority, 'id' | 'purpose' | 'sealed'>;

/** A key opens for its row and its purpose: the same row called something else does not open. */
export const authorityContext = ({ id, purpose }: Pick<Sealed, 'id' | 'purpose'>): SecretContext => ({
  purpose: `certificate-authority.private.${purpose}`,
  id,
});

/** As rows were sealed before their purpose was bound (docs/adr/0034). */
const formerContext = ({ id }: Sealed): SecretContext => ({ purpose: 'certificate-authority.private', id });

/** For `certificate_authorities.sealed`. */
export const sealAuthorityKey = (
  box: SecretBox,
  of: Pick<Sealed, 'id' | 'purpose'>,
  pem: string,
): SealedSecret => box.seal(pem, authorityContext(of));

/**
 * @param roots PEM of those that have opened; for a root there need not be any
 * @throws AppError INTERNAL_ERROR when it does not open, is another certificate's, or the certificate is none that a root, or for a root
 *   its own key, has signed for the row's purpose: a certificate for a key of viw can be made by anybody
 */
export async function unsealAuthority(
  box: SecretBox,
  record: SealedAuthority,
  roots: readonly string[],
): Promise<Authority> {
  const authority = await openAuthority(record.pem, openKey(box, record).key);
  if (!isCertifiedFor(record.purpose, record.pem, roots))
    throw new AppError('INTERNAL_ERROR', `the certificate of ${record.id} is none for ${record.purpose}`);
  return authority;
}

/**
 * The same key under the present key-encryption key. One that was sealed before purposes were bound is bound to its purpose now, unless
 * it has not opened: then its row's purpose is nobody's word, and it stays as it was.
 * @throws AppError INTERNAL_ERROR when it does not open
 */
export function rewrapAuthorityKey(box: SecretBox, record: Sealed, opened: boolean): SealedSecret {
  const { key, bound } = openKey(box, record);
  if (bound) return box.rewrap(record.sealed, authorityContext(record));
  return opened ? sealAuthorityKey(box, record, key) : box.rewrap(record.sealed, formerContext(record));
}

function openKey(box: SecretBox, record: Sealed): { readonly key: string; readonly bound: boolean } {
  try {
    return { key: box.openText(record.sealed, authorityContext(record)), bound: true };
  } catch (error) {
    try {
      return { key: box.openText(record.sealed, formerContext(record)), bound: false };
    } catch {
      throw error;
    }
  }
}
