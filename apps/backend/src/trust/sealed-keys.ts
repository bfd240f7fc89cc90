import { privateSealingKey, privateSigningKey } from '@viw/commands';
import type { PrivateSealingKey, PrivateSigningKey } from '@viw/commands';
import type { UsableCommandKey } from '@viw/database';
import type { SealedSecret, SecretBox } from '@viw/secrets';

const contextOf = (kid: string) => ({ purpose: 'command-key.private', id: kid });

/** For `command_keys.sealed`. */
export const sealKey = (
  box: SecretBox,
  kid: string,
  key: PrivateSigningKey | PrivateSealingKey,
): SealedSecret => box.seal(JSON.stringify(key), contextOf(kid));

/** Under the present key-encryption key; undefined when it is already. @throws AppError INTERNAL_ERROR */
export const resealed = (box: SecretBox, { kid, sealed }: UsableCommandKey): SealedSecret | undefined =>
  box.needsRewrap(sealed as SealedSecret) ? box.rewrap(sealed, contextOf(kid)) : undefined;

/** @throws AppError INTERNAL_ERROR when it does not open; ZodError when it is no such key. Neither quotes it. */
export const openSigningKey = (box: SecretBox, { kid, sealed }: UsableCommandKey): PrivateSigningKey =>
  privateSigningKey.parse(JSON.parse(box.openText(sealed, contextOf(kid))));

/** As `openSigningKey`. */
export const openSealingKey = (box: SecretBox, { kid, sealed }: UsableCommandKey): PrivateSealingKey =>
  privateSealingKey.parse(JSON.parse(box.openText(sealed, contextOf(kid))));
