import { describeError } from './describe-error';
import { REDACTED, redactText } from './redact-text';

/** Names without `_` and `-`, in lower case: one spelling covers `apiKey`, `api_key` and `API-Key`. */
const SECRET_NAMES = new Set([
  'key',
  'keys',
  'pass',
  'userpass',
  'hmac',
  'hmackey',
  'jws',
  'jwe',
  'cookie',
  'setcookie',
  'csrf',
  'xagentauth',
]);
const SECRET_ENDINGS =
  /(?:password|passwd|passphrase|secret|secrets|token|authorization|privatekey|apikey|sharedkey|hmackey|signingkey|datakey)$/;

const MAX_DEPTH = 8;
const MAX_ITEMS = 200;

/** True when a value under this name must never be printed. Key ids, public keys and fingerprints are not secret. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[_-]/g, '');
  return SECRET_NAMES.has(plain) || SECRET_ENDINGS.test(plain);
}

function redactEntry(name: string, value: unknown, depth: number): unknown {
  const harmless = value === null || value === undefined || typeof value === 'boolean';
  return isSecretName(name) && !harmless ? REDACTED : redactValue(value, depth);
}

/**
 * Copy of a value that is safe to log: secrets removed by name at every depth and by pattern in every text. What
 * lies deeper than 8 levels, and binary data, is replaced by a note. The original is not touched.
 */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return redactValue(describeError(value), depth + 1);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (value instanceof Set) return redactValue([...(value as Set<unknown>)], depth);
  if (value instanceof Map) return redactValue(Object.fromEntries(value as Map<string, unknown>), depth);
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => redactValue(item, depth + 1));
    return value.length > MAX_ITEMS ? [...items, `[${value.length - MAX_ITEMS} more]`] : items;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, redactEntry(name, entry, depth + 1)]),
  );
}
