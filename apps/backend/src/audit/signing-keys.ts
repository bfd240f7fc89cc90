import { createHash, createPrivateKey, createPublicKey, hkdfSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { canonicalJson } from '@viw/commands';
import type { Kek } from '@viw/secrets';

/** PKCS #8 of an Ed25519 key up to its 32 bytes (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** base64url, as in a JWK. */
  readonly x: string;
}

function keyFrom({ key }: Kek): SigningKey {
  const seed = Buffer.from(hkdfSync('sha256', key, '', 'viw audit checkpoint', 32));
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = createPublicKey(privateKey);
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(x).digest('base64url').slice(0, 16);
  return { kid, privateKey, publicKey, x };
}

/** Key id and Ed25519 signature (base64url), as they stand in a row. */
export interface Signed {
  readonly kid: string;
  readonly signature: string;
}

/** `unknown_key`: by a key that is not configured any more, or by somebody else. */
export type Verdict = 'valid' | 'invalid' | 'unknown_key';

/** What is signed. A signature of one kind is worth nothing for another: each text begins with its kind. */
export type SignedKind = 'viw-audit-checkpoint' | 'viw-audit-archive';

const textOf = (kind: SignedKind, facts: object): Buffer =>
  Buffer.from(`${kind}\n${canonicalJson(facts)}`, 'utf8');

/**
 * Ed25519 keys that follow from the key-encryption keys: who can write to Postgres, even as the tables' owner, cannot make a
 * signature.
 */
export class AuditSigningKeys {
  readonly #current: SigningKey;
  readonly #keys: ReadonlyMap<string, SigningKey>;

  /** The first key signs; what any of them has signed is known. */
  constructor({ keys: [first, ...rest] }: { readonly keys: readonly [Kek, ...Kek[]] }) {
    this.#current = keyFrom(first);
    this.#keys = new Map([this.#current, ...rest.map(keyFrom)].map((key) => [key.kid, key]));
  }

  get publicKeys(): { kid: string; x: string }[] {
    return [...this.#keys.values()].map(({ kid, x }) => ({ kid, x }));
  }

  sign(kind: SignedKind, facts: object): Signed {
    const { kid, privateKey } = this.#current;
    return { kid, signature: sign(null, textOf(kind, facts), privateKey).toString('base64url') };
  }

  judge(kind: SignedKind, facts: object, { kid, signature }: Signed): Verdict {
    const key = this.#keys.get(kid);
    if (key === undefined) return 'unknown_key';
    const given = Buffer.from(signature, 'base64url');
    return verify(null, textOf(kind, facts), key.publicKey, given) ? 'valid' : 'invalid';
  }
}
