import type { SealedAuthority } from '@viw/database';
import { openAuthority } from '@viw/pki';
import type { Authority } from '@viw/pki';
import type { SealedSecret, SecretBox } from '@viw/secrets';

export const authorityContext = (id: string) => ({ purpose: 'certificate-authority.private', id });

/** For `certificate_authorities.sealed`. */
export const sealAuthorityKey = (box: SecretBox, id: string, pem: string): SealedSecret =>
  box.seal(pem, authorityContext(id));

/** @throws AppError INTERNAL_ERROR when it does not open, or is another certificate's */
export const unsealAuthority = (box: SecretBox, { id, pem, sealed }: SealedAuthority): Promise<Authority> =>
  openAuthority(pem, box.openText(sealed, authorityContext(id)));
