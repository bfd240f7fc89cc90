import { registeredDomain } from './registered-domain';

it.each([
  ['www.Example.org', 'example.org'],
  ['*.a.b.example.co.uk', 'example.co.uk'],
  ['x.someone.github.io', 'someone.github.io'],
  ['github.io', 'github.io'],
  ['host.internal', 'host.internal'],
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::', '2001:db8:0:1::/64'],
  ['2001:0DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s counts under %s', (name, domain) => expect(registeredDomain(name)).toBe(domain));
