import { canonicalIpAddress } from '@viw/contracts';
import type { CompleteConfig } from '../config';

type Named = Pick<CompleteConfig, 'BACKEND_TLS_NAMES' | 'BACKEND_PUBLIC_URL' | 'BACKEND_AGENT_HUB_URLS'>;

/**
 * What clients and hosts call this API and the hubs. Who trusts viw's root for those must not meet a server there that has only
 * ordered a certificate for a website.
 * @returns DNS names and IP addresses in the form of certificates
 */
export function ownNames(config: Named): string[] {
  const urls = [
    ...config.BACKEND_AGENT_HUB_URLS,
    ...(config.BACKEND_PUBLIC_URL ? [config.BACKEND_PUBLIC_URL] : []),
  ];
  const hosts = urls.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, ''));
  const names = [...config.BACKEND_TLS_NAMES, ...hosts].map((name) => name.toLowerCase());
  return [...new Set(names.map((name) => canonicalIpAddress(name) ?? name))];
}

/** `name` is one of `own`, lies below one, or is a wildcard over one. */
export const standsForOwn = (name: string, own: readonly string[]): boolean =>
  own.some(
    (one) =>
      name === one ||
      name.endsWith(`.${one}`) ||
      (name.startsWith('*.') && one.slice(one.indexOf('.')) === name.slice(1)),
  );
