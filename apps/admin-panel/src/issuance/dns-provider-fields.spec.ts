import { dnsProviderCreate, dnsProviderKind } from '@viw/contracts';
import { dnsProviderBody, dnsProviderFields } from './dns-provider-fields';

const typed: Record<string, string> = {
  'settings.server': '192.0.2.53:53',
  'secret.tsig_key': 'hmac-sha256:viw:c2VjcmV0c2VjcmV0',
  'secret.api_token': 'token',
  'secret.access_key_id': 'AKIA1234',
  'secret.secret_access_key': 'secret',
  'settings.url': 'https://dns.example.org',
  'settings.username': 'user',
  'settings.subdomain': 'sub',
  'settings.full_domain': 'sub.auth.example.org',
  'secret.password': 'password',
  'secret.signing_key': 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz',
};

it.each(dnsProviderKind.options)('what the form asks for is what the contract asks for: %s', (kind) => {
  const body = { name: 'dns', zones: ['example.org'], ...dnsProviderBody(kind, typed) };
  expect(dnsProviderCreate.safeParse(body).error?.issues ?? []).toEqual([]);
  for (const group of ['settings', 'secret'] as const)
    for (const { name } of dnsProviderFields[kind][group].filter(({ required }) => required)) {
      const without = { ...typed, [`${group}.${name}`]: ' ' };
      const parsed = dnsProviderCreate.safeParse({ ...body, ...dnsProviderBody(kind, without) });
      expect(parsed.error?.issues[0]?.path).toEqual([group, name]);
    }
});
