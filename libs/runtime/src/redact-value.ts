import { describeError } from './describe-error';
import { isError } from './is-error';
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
/** Bounds the work for one log line: a socket or request logged by mistake is a graph of thousands of objects. */
const MAX_NODES = 5_000;

/** True when a value under this name must never be printed. Key ids, public keys and fingerprints are not secret. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[_-]/g, '');
  return SECRET_NAMES.has(plain) || SECRET_ENDINGS.test(plain);
}

interface Walk {
  nodes: number;
}

function redactEntry(name: string, value: unknown, depth: number, walk: Walk): unknown {
  const harmless = value === null || value === undefined || typeof value === 'boolean';
  return isSecretName(name) && !harmless ? REDACTED : visit(value, depth, walk);
}

function visitList(list: readonly unknown[], depth: number, walk: Walk): unknown[] {
  const items = list.slice(0, MAX_ITEMS).map((item) => visit(item, depth + 1, walk));
  return list.length > MAX_ITEMS ? [...items, `[${list.length - MAX_ITEMS} more]`] : items;
}

function visit(value: unknown, depth: number, walk: Walk): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (++walk.nodes > MAX_NODES) return '[too large]';
  if (isError(value)) return visit(describeError(value), depth, walk);
  if (value instanceof Set) return visitList([...(value as Set<unknown>)], depth, walk);
  if (Array.isArray(value)) return visitList(value, depth, walk);
  const entries = value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, entry]) => [String(name), redactEntry(String(name), entry, depth + 1, walk)]),
  );
}

/**
 * Copy of a value that is safe to log: secrets removed by name at every depth and by pattern in every text. What
 * lies deeper than 8 levels, binary data and the excess of huge values are replaced by a note, so cycles are fine.
 * The original is not touched.
 */
export function redactValue(value: unknown): unknown {
  return visit(value, 0, { nodes: 0 });
}
