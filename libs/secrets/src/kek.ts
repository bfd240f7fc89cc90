import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '@viw/runtime';

/** Key-encryption key: wraps the data keys of secrets. */
export interface Kek {
  /** Stored with each secret it protects; not secret. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

const LINE = /^(?:([A-Za-z0-9][A-Za-z0-9._-]{0,62}):)?([A-Za-z0-9+/_-]{43}=?)$/;

const idOf = (key: Buffer): string =>
  createHash('sha256').update('viw kek id').update(key).digest('hex').slice(0, 16);

export function generateKek(): Kek {
  const key = randomBytes(32);
  return { id: idOf(key), key };
}

/** One line for a key file: `<id>:<base64>`. Secret. */
export const formatKek = ({ id, key }: Kek): string => `${id}:${key.toString('base64')}`;

/**
 * Keys of a key file: one per line, `<id>:<base64 of 32 bytes>` or the base64 alone, whose id then follows from the
 * key. The first one seals; the others still open what they sealed before. Empty lines and `#` lines are skipped.
 *
 * @throws AppError CONFIG_INVALID naming the line, never its content
 */
export function parseKeks(text: string): [Kek, ...Kek[]] {
  const keks: Kek[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, id, base64] = LINE.exec(line) ?? [];
    const key = Buffer.from(base64 ?? '', 'base64');
    if (key.length !== 32)
      throw new AppError(
        'CONFIG_INVALID',
        `key file, line ${index + 1}: expected [<id>:]<base64 of 32 bytes>`,
      );
    keks.push({ id: id ?? idOf(key), key });
  }
  const [first, ...rest] = keks;
  if (first === undefined) throw new AppError('CONFIG_INVALID', 'the key file has no key');
  if (new Set(keks.map(({ id }) => id)).size < keks.length)
    throw new AppError('CONFIG_INVALID', 'the key file has an id twice');
  return [first, ...rest];
}
