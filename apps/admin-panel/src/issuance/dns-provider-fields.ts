import type { DnsProviderKind } from '@viw/contracts';

export const kindWords: Record<DnsProviderKind, string> = {
  rfc2136: 'Dynamic updates (RFC 2136)',
  cloudflare: 'Cloudflare',
  route53: 'Route 53',
  'acme-dns': 'acme-dns',
  webhook: 'Webhook of your own',
  manual: 'By hand: a person sets the records',
};

interface Field {
  readonly name: string;
  readonly label: string;
  readonly placeholder?: string;
  readonly required?: boolean;
}
/** What each kind asks for. Values under `secret` go in and never come out. */
export const dnsProviderFields: Record<
  DnsProviderKind,
  { readonly settings: readonly Field[]; readonly secret: readonly Field[] }
> = {
  rfc2136: {
    settings: [{ name: 'server', label: 'Primary server', placeholder: '192.0.2.53:53', required: true }],
    secret: [{ name: 'tsig_key', label: 'TSIG key', required: true }],
  },
  cloudflare: {
    settings: [],
    secret: [{ name: 'api_token', label: 'API token', required: true }],
  },
  route53: {
    settings: [
      { name: 'region', label: 'Region' },
      { name: 'hosted_zone_id', label: 'Hosted zone, where several have its name' },
    ],
    secret: [
      { name: 'access_key_id', label: 'Access key id', required: true },
      { name: 'secret_access_key', label: 'Secret access key', required: true },
    ],
  },
  'acme-dns': {
    settings: [
      { name: 'url', label: 'Address', placeholder: 'https://auth.example.org', required: true },
      { name: 'username', label: 'User name', required: true },
      { name: 'subdomain', label: 'Subdomain', required: true },
      { name: 'full_domain', label: 'Full domain', required: true },
    ],
    secret: [{ name: 'password', label: 'Password', required: true }],
  },
  webhook: {
    settings: [{ name: 'url', label: 'Address', placeholder: 'https://dns.example.org/viw', required: true }],
    secret: [{ name: 'signing_key', label: 'Signing key', placeholder: 'whsec_…', required: true }],
  },
  manual: { settings: [], secret: [] },
};

/** The body of the request, of what was typed by `settings.<name>` and `secret.<name>`; empty fields are left out. */
export const dnsProviderBody = (
  kind: DnsProviderKind,
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> => {
  const part = (group: 'settings' | 'secret'): Record<string, string> =>
    Object.fromEntries(
      dnsProviderFields[kind][group]
        .map(({ name }) => [name, (values[`${group}.${name}`] ?? '').trim()] as const)
        .filter(([, value]) => value !== ''),
    );
  return { kind, settings: part('settings'), ...(kind === 'manual' ? {} : { secret: part('secret') }) };
};
