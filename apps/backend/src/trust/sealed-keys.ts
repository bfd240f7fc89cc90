import { privateSealingKey, privateSigningKey } from '@viw/commands';
import type { PrivateSealingKey, PrivateSigningKey } from '@viw/commands';
import type { UsableCommandKey } from '@viw/database';
import type { SealedSecret, SecretBox } from '@viw/secrets';

export const commandKeyContext = (kid: string) => ({ purpose: 'command-key.private', id: kid });

/** For `command_keys.sealed`. */
export const sealKey = (
  box: SecretBox,
  kid: string,
  key: PrivateSigningKey | PrivateSealingKey,
): SealedSecret => box.seal(JSON.stringify(key), commandKeyContext(kid));

/** @throws AppError INTERNAL_ERROR when it does not open; ZodError when it is no such key. Neither quotes it. */
export const openSigningKey = (box: SecretBox, { kid, sealed }: UsableCommandKey): PrivateSigningKey =>
  privateSigningKey.parse(JSON.parse(box.openText(sealed, commandKeyContext(kid))));

/** As `openSigningKey`. */
export const openSealingKey = (box: SecretBox, { kid, sealed }: UsableCommandKey): PrivateSealingKey =>
  privateSealingKey.parse(JSON.parse(box.openText(sealed, commandKeyContext(kid))));
