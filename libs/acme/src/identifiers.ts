import { isIP } from 'node:net';
import { acmeRefused } from './acme-errors';

export interface Identifier {
  type: string;
  value: string;
}

/** @throws AppError ACME_REFUSED before the CA is asked: no name, or the same name twice. */
export function identifiersOf(names: readonly string[]): Identifier[] {
  const lower = names.map(canonicalName);
  if (lower.length === 0) throw acmeRefused('a certificate needs at least one name', 'never');
  const twice = lower.find((name, index) => lower.indexOf(name) !== index);
  if (twice !== undefined) throw acmeRefused(`${twice} is named twice`, 'never', twice);
  return lower.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }));
}

/** Lower-case; an IPv6 address in its shortest form (RFC 8738 section 3, RFC 5952). */
export function canonicalName(name: string): string {
  return isIP(name) === 6 && !name.includes('%')
    ? new URL(`http://[${name}]/`).hostname.slice(1, -1)
    : name.toLowerCase();
}

export function sameIdentifiers(a: readonly Identifier[], b: readonly Identifier[]): boolean {
  const key = (list: readonly Identifier[]): string =>
    list
      .map(({ type, value }) => `${type}:${canonicalName(value)}`)
      .sort()
      .join(' ');
  return key(a) === key(b);
}
