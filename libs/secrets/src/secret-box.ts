import { randomBytes } from 'node:crypto';
import { AppError } from '@viw/runtime';
import { decrypt, encrypt } from './aead';
import type { Kek } from './kek';

/** A sealed secret as it is stored: plain JSON. */
export interface SealedSecret {
  readonly v: 1;
  /** Id of the key-encryption key. */
  readonly kek: string;
  /** The data key, wrapped by the key-encryption key; base64url. */
  readonly key: string;
  /** The secret, encrypted by the data key; base64url. */
  readonly data: string;
}

/** What a secret is and whose. Both are authenticated: a ciphertext moved to another row or column does not open. */
export interface SecretContext {
  /** `ssh-credential.private-key` */
  readonly purpose: string;
  /** Id of the record. */
  readonly id: string;
}

const aad = (part: 'key' | 'data', kek: string, { purpose, id }: SecretContext): string =>
  JSON.stringify(['viw-secret', 1, part, part === 'key' ? kek : '', purpose, id]);

function isSealedSecret(value: unknown): value is SealedSecret {
  if (typeof value !== 'object' || value === null) return false;
  const { v, kek, key, data } = value as Partial<Record<keyof SealedSecret, unknown>>;
  return v === 1 && [kek, key, data].every((text) => typeof text === 'string');
}

/**
 * Envelope encryption: each secret under a data key of its own, the data key under a key-encryption key. Rotation of
 * the latter rewraps data keys and leaves the secrets' ciphertext alone.
 *
 * @example const box = new SecretBox({ keys: parseKeks(fileText) });
 */
export class SecretBox {
  readonly #current: Kek;
  readonly #keks: ReadonlyMap<string, Buffer>;

  /** The first key seals, all of them open. */
  constructor({ keys }: { readonly keys: readonly [Kek, ...Kek[]] }) {
    if (keys.some(({ key }) => key.length !== 32))
      throw new AppError('CONFIG_INVALID', 'a key-encryption key must have 32 bytes');
    this.#current = keys[0];
    this.#keks = new Map(keys.map(({ id, key }) => [id, key]));
  }

  seal(plaintext: string | Buffer, context: SecretContext): SealedSecret {
    const dataKey = randomBytes(32);
    const bytes = typeof plaintext === 'string' ? Buffer.from(plaintext, 'utf8') : plaintext;
    const sealed = {
      ...this.#wrap(dataKey, context),
      data: encrypt(dataKey, bytes, aad('data', '', context)),
    };
    dataKey.fill(0);
    return sealed;
  }

  /**
   * @param sealed as stored; its shape is checked
   * @throws AppError INTERNAL_ERROR naming purpose, record and key id, when it does not open
   */
  open(sealed: unknown, context: SecretContext): Buffer {
    const { dataKey, data } = this.#unwrap(sealed, context);
    try {
      return decrypt(dataKey, data, aad('data', '', context));
    } catch {
      throw failure(context, 'altered, or sealed for another record');
    } finally {
      dataKey.fill(0);
    }
  }

  /** `open` as UTF-8. */
  openText(sealed: unknown, context: SecretContext): string {
    return this.open(sealed, context).toString('utf8');
  }

  /** True when another key than the current one wraps it. */
  needsRewrap(sealed: SealedSecret): boolean {
    return sealed.kek !== this.#current.id;
  }

  /** The same secret under the current key-encryption key. */
  rewrap(sealed: unknown, context: SecretContext): SealedSecret {
    const { dataKey, data } = this.#unwrap(sealed, context);
    const result = { ...this.#wrap(dataKey, context), data };
    dataKey.fill(0);
    return result;
  }

  #wrap(dataKey: Buffer, context: SecretContext): Pick<SealedSecret, 'v' | 'kek' | 'key'> {
    const { id, key } = this.#current;
    return { v: 1, kek: id, key: encrypt(key, dataKey, aad('key', id, context)) };
  }

  #unwrap(sealed: unknown, context: SecretContext): { dataKey: Buffer; data: string } {
    if (!isSealedSecret(sealed)) throw failure(context, 'not a sealed secret');
    const kek = this.#keks.get(sealed.kek);
    if (kek === undefined) throw failure(context, `sealed by the key ${sealed.kek}, which is not configured`);
    try {
      return { dataKey: decrypt(kek, sealed.key, aad('key', sealed.kek, context)), data: sealed.data };
    } catch {
      throw failure(context, `the key ${sealed.kek} differs, or it was sealed for another record`);
    }
  }
}

const failure = ({ purpose, id }: SecretContext, why: string): AppError =>
  new AppError('INTERNAL_ERROR', `secret ${purpose} of ${id} cannot be opened: ${why}`);
