import type { HostPolicyClaims } from '@viw/contracts';
import { signHostPolicy } from '../src/index';
import type { SigningKeyPair } from '../src/index';

/** A host policy as a backend signs it, for tests. */
export const signedPolicy = (
  by: SigningKeyPair,
  version: number,
  keys: readonly SigningKeyPair[],
  more: Partial<HostPolicyClaims> = {},
): Promise<string> =>
  signHostPolicy(by.privateKey, {
    v: 1,
    version,
    iat: 0,
    keys: keys.map(({ publicKey }) => publicKey),
    sealing_key: null,
    frozen: false,
    reason: null,
    ...more,
  });
