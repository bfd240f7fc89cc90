import { randomBytes } from 'node:crypto';
import { type SigningKeyPair, generateSigningKey } from '@viw/commands';

/** Of one run; each party gets those that it has in production. */
export interface Secrets {
  /** Of agents and hubs. */
  readonly sharedSecret: string;
  readonly setupToken: string;
  readonly adminPassword: string;
  readonly encryptionKey: string;
  /** With which the backend signs commands; the public half is pinned on every gateway. */
  readonly signing: SigningKeyPair;
}

const token = (bytes = 32): string => randomBytes(bytes).toString('base64url');

export const makeSecrets = async (): Promise<Secrets> => ({
  sharedSecret: token(),
  setupToken: token(),
  adminPassword: token(12),
  encryptionKey: JSON.stringify({ id: `chaos-${token(6)}`, key: randomBytes(32).toString('base64') }),
  signing: await generateSigningKey(),
});
