import { createHash, createPrivateKey, createPublicKey, hkdfSync, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { canonicalJson } from '@viw/commands';
import type { Checkpoint } from '@viw/database';
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

const signedText = ({ seq, hash, at }: Pick<Checkpoint, 'seq' | 'hash' | 'at'>): Buffer =>
  Buffer.from(`viw-audit-checkpoint\n${canonicalJson({ seq, hash, at })}`, 'utf8');

/**
 * Signs where the chain stands, with an Ed25519 key that follows from the key-encryption key: who can write to Postgres, even as
 * the tables' owner, cannot make one.
 */
export class CheckpointSigner {
  readonly #current: SigningKey;
  readonly #keys: ReadonlyMap<string, SigningKey>;

  /** The first key signs; what any of them has signed is known. */
  constructor({ keys: [first, ...rest] }: { readonly keys: readonly [Kek, ...Kek[]] }) {
    this.#current = keyFrom(first);
    this.#keys = new Map([this.#current, ...rest.map(keyFrom)].map((key) => [key.kid, key]));
  }

  /** For whoever keeps checkpoints elsewhere. */
  get publicKeys(): { kid: string; x: string }[] {
    return [...this.#keys.values()].map(({ kid, x }) => ({ kid, x }));
  }

  sign(place: Pick<Checkpoint, 'seq' | 'hash' | 'at'>): Checkpoint {
    const { kid, privateKey } = this.#current;
    return { ...place, kid, signature: sign(null, signedText(place), privateKey).toString('base64url') };
  }

  /** `unknown_key`: by a key that is not configured any more, or by somebody else. */
  judge(checkpoint: Checkpoint): 'valid' | 'invalid' | 'unknown_key' {
    const key = this.#keys.get(checkpoint.kid);
    if (key === undefined) return 'unknown_key';
    const signature = Buffer.from(checkpoint.signature, 'base64url');
    return verify(null, signedText(checkpoint), key.publicKey, signature) ? 'valid' : 'invalid';
  }
}
