import { dnsProviderPatch, ZONES_NEEDED, type DnsProvider } from '@viw/contracts';
import { dnsProviderChanges, typedSettings } from './dns-provider-changes';

const provider: DnsProvider = {
  id: 'p-1',
  name: 'zone keeper',
  kind: 'webhook',
  zones: ['example.org'],
  settings: { url: 'https://dns.example.org/viw', ca_pem: '-----BEGIN CERTIFICATE-----' },
  created_at: '2026-11-28T12:00:00Z',
};
const same = { name: 'zone keeper', zones: 'example.org', replaced: undefined };
const key = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz';

describe('changes of a DNS provider', () => {
  it('are what differs', () => {
    expect(dnsProviderChanges(provider, same)).toEqual({ patch: {}, wrong: {} });
    expect(dnsProviderChanges(provider, { ...same, name: ' other ', zones: 'example.org, a.test' })).toEqual({
      patch: { name: 'other', zones: ['example.org', 'a.test'] },
      wrong: {},
    });
  });

  it('keep settings that the form does not show, and never go with half a secret', () => {
    const typed = { ...typedSettings(provider), 'settings.url': 'https://dns.example.net/viw' };
    expect(dnsProviderChanges(provider, { ...same, replaced: typed }).wrong).toHaveProperty([
      'secret.signing_key',
    ]);
    const { patch, wrong } = dnsProviderChanges(provider, {
      ...same,
      replaced: { ...typed, 'secret.signing_key': key },
    });
    expect(wrong).toEqual({});
    expect(patch).toEqual({
      settings: { ...provider.settings, url: 'https://dns.example.net/viw' },
      secret: { signing_key: key },
    });
    expect(dnsProviderPatch.safeParse(patch).success).toBe(true);
  });

  it('need zones where they are touched', () => {
    const old = { ...provider, zones: [] };
    expect(dnsProviderChanges(old, { ...same, zones: '', name: 'other' })).toEqual({
      patch: { name: 'other' },
      wrong: {},
    });
    expect(dnsProviderChanges(provider, { ...same, zones: '' }).wrong).toEqual({ zones: ZONES_NEEDED });
  });

  it('say for how long a person is waited for as a number', () => {
    const byHand: DnsProvider = { ...provider, kind: 'manual', settings: { wait_s: 259_200 } };
    expect(typedSettings(byHand)).toEqual({ 'settings.wait_s': '259200' });
    const change = (wait: string) =>
      dnsProviderChanges(byHand, { ...same, replaced: { 'settings.wait_s': wait } });
    expect(change('3600')).toEqual({ patch: { settings: { wait_s: 3_600 } }, wrong: {} });
    expect(change('soon').wrong).toHaveProperty(['settings.wait_s']);
  });
});
