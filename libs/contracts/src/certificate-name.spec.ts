import { certificateName, isIpAddress } from './certificate-name';

describe('certificateName', () => {
  it.each([
    ['WWW.Example.org', 'www.example.org'],
    ['*.example.org', '*.example.org'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::1', '::1'],
    ['1.example', '1.example'],
  ])('%s is %s', (text, name) => expect(certificateName.parse(text)).toBe(name));

  it.each([
    ['an address with zeros in front', '192.0.2.01'],
    ['a shorter form of an address', '127.1'],
    ['a hexadecimal one', '127.0x1'],
    ['a name that ends in a number', 'host.1'],
    ['a zone', 'fe80::1%eth0'],
    ['IPv4 as IPv6', '::ffff:192.0.2.1'],
    ['a wildcard of addresses', '*.0.2.1'],
    ['brackets', '[::1]'],
    ['a network', '192.0.2.0/24'],
  ])('refuses %s', (_, text) => expect(certificateName.safeParse(text).success).toBe(false));

  it('knows addresses', () =>
    expect(['10.0.0.1', '::1', 'a.example'].map(isIpAddress)).toEqual([true, true, false]));
});
