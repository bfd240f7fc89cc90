import { needsZones, type DnsProviderKind } from '@viw/contracts';
import { argumentsFrom } from '../servers/text-form';

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
  /** Sent as a number. */
  readonly number?: boolean;
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
  manual: {
    settings: [
      {
        name: 'wait_s',
        label: 'An operation waits for so long, seconds',
        placeholder: '259200',
        number: true,
      },
    ],
    secret: [],
  },
};

interface DnsProviderBody {
  readonly kind: DnsProviderKind;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly secret?: Readonly<Record<string, string | number>>;
}

/** The body of the request, of what was typed by `settings.<name>` and `secret.<name>`; empty fields are left out. */
export const dnsProviderBody = (
  kind: DnsProviderKind,
  values: Readonly<Record<string, string>>,
): DnsProviderBody => {
  const part = (group: 'settings' | 'secret'): Record<string, string | number> =>
    Object.fromEntries(
      dnsProviderFields[kind][group]
        .map(({ name, number }) => [name, (values[`${group}.${name}`] ?? '').trim(), number] as const)
        .filter(([, value]) => value !== '')
        .map(([name, value, number]) => [name, number ? Number(value) : value]),
    );
  return { kind, settings: part('settings'), ...(kind === 'manual' ? {} : { secret: part('secret') }) };
};

export const zonesHint = (kind: DnsProviderKind): string =>
  needsZones(kind)
    ? 'Names in or below these are proved by it, and it sets records nowhere else.'
    : 'Names in or below these are proved by it. None: only certificates that name it.';

/** "example.org, example.net" → both. */
export const zonesFrom = (text: string): string[] => argumentsFrom(text.replaceAll(',', ' ')) ?? [];

/** What the contract refuses, by the field of the form. */
export const refusals = (
  error:
    { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] } | undefined,
): Record<string, string> => {
  const refused: Record<string, string> = {};
  for (const { path, message } of error?.issues ?? [])
    refused[path[0] === 'zones' ? 'zones' : path.join('.')] ??= message;
  return refused;
};
