export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number];

export interface TsigKey {
  readonly algorithm: TsigAlgorithm;
  /** Domain name of the key, as the server knows it. */
  readonly name: string;
  readonly secret: Buffer;
}

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/;

/**
 * Reads `[algorithm:]name:base64`, the text that `nsupdate -y` and `tsig-keygen` users know; hmac-sha256 when it names none.
 * @returns undefined for anything else, such as an algorithm that is no longer safe or a secret under 16 bytes
 */
export function parseTsigKey(text: string): TsigKey | undefined {
  const parts = text.trim().split(':');
  if (parts.length === 2) parts.unshift('hmac-sha256');
  const [algorithm, name, secret] = parts;
  if (parts.length !== 3 || name === undefined || secret === undefined) return undefined;
  const known = TSIG_ALGORITHMS.find((one) => one === algorithm?.toLowerCase());
  const bare = name.toLowerCase().replace(/\.$/, '');
  if (!known || !NAME.test(bare) || !/^[A-Za-z0-9+/]+={0,2}$/.test(secret)) return undefined;
  const bytes = Buffer.from(secret, 'base64');
  return bytes.length < 16 ? undefined : { algorithm: known, name: bare, secret: bytes };
}
