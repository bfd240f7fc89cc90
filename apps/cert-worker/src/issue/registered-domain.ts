import { isIP } from 'node:net';
import { getDomain } from 'tldts';

/**
 * What CAs count a name under: the domain that somebody has registered (public suffix list, its private part included), an
 * IPv4 address itself, the /64 of an IPv6 address. A name that is a public suffix counts as itself.
 */
export function registeredDomain(name: string): string {
  const lower = name.toLowerCase().replace(/^\*\./, '');
  switch (isIP(lower)) {
    case 4:
      return lower;
    case 6:
      return `${groupsOf(lower).slice(0, 4).join(':')}::/64`;
    default:
      return getDomain(lower, { allowPrivateDomains: true }) ?? lower;
  }
}

/** All eight, without leading zeros. @param address IPv6 without a zone */
function groupsOf(address: string): string[] {
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = short.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  if (tail === undefined) return groups(head);
  const missing = 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail)];
}
