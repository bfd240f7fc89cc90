import { AppError } from '@viw/runtime';

/**
 * RFC 8785 (JSON Canonicalization Scheme): one text for one value, whoever writes it. Members sorted by UTF-16 code
 * units, no white space, numbers and texts as ECMAScript prints them. Members that are undefined are left out, as
 * JSON.stringify does.
 *
 * @throws AppError VALIDATION_FAILED for a lone surrogate, which JSON text may hold as an escape and UTF-8 cannot; TypeError
 *   for what no JSON text can hold: NaN, infinities, bigint, functions, undefined
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('not a JSON number');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`JSON has no ${typeof value}`);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${canonicalString(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

function canonicalString(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new AppError('VALIDATION_FAILED', 'a text holds half a character');
  return JSON.stringify(text);
}
