import { z } from 'zod';
import { dnsName } from './primitives';

const ipv4 = z.ipv4();
const ipv6 = z.ipv6();

/**
 * An IP address as certificates, ACME (RFC 8738) and viw write it: IPv6 in its shortest form, lower-case (RFC 5952).
 * Undefined for anything else; zones and IPv4 written as IPv6 name no address of a server.
 */
export function canonicalIpAddress(text: string): string | undefined {
  if (ipv4.safeParse(text).success) return text;
  if (!ipv6.safeParse(text).success) return undefined;
  const short = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  return short.startsWith('::ffff:') ? undefined : short;
}

export const isIpAddress = (name: string): boolean => canonicalIpAddress(name) !== undefined;

/** A DNS name, with a leading wildcard label if need be, or an IP address; canonical on output. */
export const certificateName = z
  .string()
  .max(253)
  .transform((text, context) => {
    const address = canonicalIpAddress(text);
    if (address !== undefined) return address;
    const name = dnsName.safeParse(text);
    if (name.success) return name.data;
    context.addIssue({ code: 'custom', message: 'a DNS name such as www.example.org, or an IP address' });
    return z.NEVER;
  });
