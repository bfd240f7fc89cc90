import { randomBytes } from 'node:crypto';
import { type SigningKeyPair, generateSigningKey } from '@viw/commands';

/** Of one installation; each party gets those that it has in production. */
export interface Secrets {
  /** Of agents and hubs. */
  readonly sharedSecret: string;
  readonly setupToken: string;
  /** JSON, as the backend reads it. */
  readonly encryptionKey: string;
  /** With which the backend signs commands; the public half is pinned on every gateway. */
  readonly signing: SigningKeyPair;
}

const token = (): string => randomBytes(32).toString('base64url');

export const makeSecrets = async (): Promise<Secrets> => ({
  sharedSecret: token(),
  setupToken: token(),
  encryptionKey: JSON.stringify({
    id: `key-${randomBytes(6).toString('hex')}`,
    key: randomBytes(32).toString('base64'),
  }),
  signing: await generateSigningKey(),
});
