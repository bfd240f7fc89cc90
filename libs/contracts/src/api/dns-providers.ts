import { z } from 'zod';
import { dnsName } from '../primitives';
import { page } from './problem';

/** An address that viw calls: HTTPS, or this machine where the installation allows that (`isLoopbackUrl`). */
const outboundUrl = z
  .url({ protocol: /^https?$/, error: 'an https:// URL' })
  .max(512)
  .refine((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url && [url.username, url.password, url.hash, url.search].every((part) => part === '');
  }, 'without user, query and fragment')
  .refine((text) => text.startsWith('https:') || isLoopbackUrl(text), 'an https:// URL');

/** Whether an address names the machine itself. */
export const isLoopbackUrl = (text: string): boolean =>
  URL.canParse(text) && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(text).hostname);

const ipAddress = z.union([z.ipv4(), z.ipv6()]);

/** Only an address: what is taken for a name, as `10.0.0.01` is, goes past whoever looks at addresses. */
const addressAndPort = z
  .string()
  .max(64)
  .regex(/^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'address:port')
  .refine((text) => {
    const at = text.lastIndexOf(':');
    const port = Number(text.slice(at + 1));
    return (
      ipAddress.safeParse(text.slice(0, at).replace(/^\[|\]$/g, '')).success && port >= 1 && port <= 65_535
    );
  }, 'address:port');

const zone = dnsName.refine((name) => !name.startsWith('*.'), 'without a wildcard');
const word = z.string().regex(/^[\x21-\x7e]{1,512}$/, 'printable ASCII without blanks');
const pem = z
  .string()
  .max(64 * 1024)
  .regex(/-----BEGIN CERTIFICATE-----/, 'PEM certificates');

/** What may be known of a provider, by kind. */
export const dnsProviderSettings = {
  /** Dynamic updates to this primary server. */
  rfc2136: z.strictObject({
    server: addressAndPort,
  }),
  cloudflare: z.strictObject({ api_url: outboundUrl.optional() }).prefault({}),
  route53: z
    .strictObject({
      api_url: outboundUrl.optional(),
      region: z
        .string()
        .regex(/^[a-z0-9-]{1,32}$/)
        .optional(),
      /** Where several public zones have the same name. */
      hosted_zone_id: z
        .string()
        .regex(/^[A-Z0-9]{1,32}$/)
        .optional(),
    })
    .prefault({}),
  'acme-dns': z.strictObject({
    url: outboundUrl,
    ca_pem: pem.optional(),
    /** As its `/register` has told. */
    username: word,
    subdomain: z.string().regex(/^[A-Za-z0-9-]{1,63}$/),
    full_domain: dnsName,
  }),
  webhook: z.strictObject({ url: outboundUrl, ca_pem: pem.optional() }),
  /** A person sets the record; the operation waits for that so long, seconds. */
  manual: z.strictObject({ wait_s: z.int().min(300).max(518_400).default(259_200) }),
} as const;

/** What goes in and never comes out, by kind. */
export const dnsProviderSecret = {
  rfc2136: z.strictObject({ tsig_key: z.string().min(20).max(512) }),
  cloudflare: z.strictObject({ api_token: word }),
  route53: z.strictObject({
    access_key_id: z.string().regex(/^[A-Z0-9]{4,128}$/),
    secret_access_key: word,
    session_token: z
      .string()
      .regex(/^[\x21-\x7e]{1,4096}$/)
      .optional(),
  }),
  'acme-dns': z.strictObject({ password: word }),
  /** Base64 of 24 bytes at least, `whsec_` before it or not. */
  webhook: z.strictObject({
    signing_key: z.string().regex(/^(whsec_)?[A-Za-z0-9+/]{32,512}={0,2}$/, 'base64 of 24 bytes at least'),
  }),
} as const;

export const dnsProviderKind = z.enum(['rfc2136', 'cloudflare', 'route53', 'acme-dns', 'webhook', 'manual']);
export type DnsProviderKind = z.infer<typeof dnsProviderKind>;

const name = z.string().min(1).max(128);
/** Names in or below these are proved by it; the longest fit counts. None: only for certificates that name it. */
const zones = z.array(zone).max(100).default([]);
export const ZONES_NEEDED =
  'at least one zone: without any it would set records wherever its credential reaches and a CNAME leads';
const someZones = z.array(zone, ZONES_NEEDED).min(1, ZONES_NEEDED).max(100);

/** acme-dns keeps one record, and by hand a person sees where it is to be; all others set what they are told to. */
export const needsZones = (kind: DnsProviderKind): boolean => kind !== 'acme-dns' && kind !== 'manual';

const made = <K extends keyof typeof dnsProviderSecret, Z extends typeof zones | typeof someZones>(
  kind: K,
  within: Z,
) =>
  z.strictObject({
    name,
    zones: within,
    kind: z.literal(kind),
    settings: dnsProviderSettings[kind],
    secret: dnsProviderSecret[kind],
  });

export const dnsProviderCreate = z.discriminatedUnion('kind', [
  made('rfc2136', someZones),
  made('cloudflare', someZones),
  made('route53', someZones),
  made('acme-dns', zones),
  made('webhook', someZones),
  z.strictObject({
    name,
    zones,
    kind: z.literal('manual'),
    settings: dnsProviderSettings.manual.prefault({}),
  }),
]);
export type DnsProviderCreate = z.input<typeof dnsProviderCreate>;

/**
 * Settings go with the secret, both anew: with the secret kept, a changed address would be told it. The kind stays.
 */
export const dnsProviderPatch = z
  .strictObject({
    name: name.optional(),
    zones: z.array(zone).max(100).optional(),
    settings: z.record(z.string(), z.unknown()).optional(),
    secret: z.record(z.string(), z.unknown()).optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'nothing to change');
export type DnsProviderPatch = z.input<typeof dnsProviderPatch>;

/** Who can change a zone, without its secret. */
export const dnsProvider = z.object({
  id: z.string(),
  name: z.string(),
  kind: dnsProviderKind,
  zones: z.array(z.string()),
  settings: z.record(z.string(), z.unknown()),
  created_at: z.string(),
});
export type DnsProvider = z.infer<typeof dnsProvider>;
export const dnsProviderPage = page(dnsProvider);

/** A TXT record that a person is to set. */
export const manualRecord = z.object({
  /** The name that it proves. */
  name: z.string(),
  record: z.string(),
  value: z.string(),
  /** `shown`: all authoritative servers have it; `confirmed`: somebody says so; `done`: it may be removed. */
  state: z.enum(['waiting', 'shown', 'confirmed', 'expired', 'done']),
  expires_at: z.string(),
});
export type ManualRecord = z.infer<typeof manualRecord>;
