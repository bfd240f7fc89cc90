import { certificateCreate } from '@viw/contracts';
import { namesError, namesOutside, orderBody, type IssueOrder } from './issue-order';

const order: IssueOrder = {
  names: ['www.example.org'],
  issuer: 'acme',
  challenge: 'http-01',
  provider: null,
  keyType: 'ec-p256',
  deployTo: [],
};
const provider = 'b7f1a7f0-6c2f-4a53-9d53-6a3a2a3f7c11';

describe('an order of a certificate', () => {
  it.each([
    [{ names: [] }, 'At least one name'],
    [{ names: ['not a name'] }, 'Neither a DNS name nor an IP address: not a name'],
    [{ names: ['*.example.org'] }, 'Only DNS-01 can prove a wildcard: *.example.org'],
    [{ names: ['*.example.org'], challenge: 'dns-01' as const }, undefined],
    [{ names: ['192.0.2.7'], challenge: 'dns-01' as const }, 'DNS-01 cannot prove an IP address: 192.0.2.7'],
    [{ names: ['*.example.org', '192.0.2.7'], issuer: 'private-ca' }, undefined],
  ])('%j: %s', (change, expected) => expect(namesError({ ...order, ...change })).toBe(expected));

  it('says nothing of a proof to who asks for none, and of a DNS provider only where the proof is DNS-01', () => {
    const chosen = { ...order, provider };
    expect(orderBody({ ...chosen, challenge: 'dns-01' })).toMatchObject({
      challenge: 'dns-01',
      dns_provider_id: provider,
    });
    expect(orderBody(chosen)).not.toHaveProperty('dns_provider_id');
    const own = orderBody({ ...chosen, issuer: 'private-ca', challenge: 'dns-01' });
    expect(own).not.toHaveProperty('challenge');
    expect(own).not.toHaveProperty('dns_provider_id');
    expect(certificateCreate.safeParse(own).success).toBe(true);
  });

  it('knows which names lie in no zone', () => {
    const zones = [{ zones: ['example.org'] }, { zones: ['dyn.example.net'] }];
    const names = ['example.org', '*.example.org', 'badexample.org', 'a.dyn.example.net', 'example.net'];
    expect(namesOutside(names, zones)).toEqual(['badexample.org', 'example.net']);
  });
});
