import { isIP } from 'node:net';
import { dnsProviderSettings } from './dns-providers';

const taken = (server: string): boolean => dnsProviderSettings.rfc2136.safeParse({ server }).success;

test.each(['192.0.2.1:53', '10.0.0.1:65535', '[2001:db8::1]:5353', '[::1]:1'])(
  'the name server %s is taken, and is an address to those who connect',
  (server) => {
    expect(taken(server)).toBe(true);
    expect(isIP(server.slice(0, server.lastIndexOf(':')).replace(/^\[|\]$/g, ''))).not.toBe(0);
  },
);

test.each([
  ...['10.0.0.01:53', '010.0.0.1:53', '127.0.0.001:53', '256.0.0.1:53', '999.1.1.1:53'],
  ...['[:]:53', '[1::2::3]:53', '[12345::1]:53', '[192.0.2.1]:53x', '[::1%25lo]:53', '[fe80::1%1]:53'],
  ...[
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '192.0.2.1:99999',
    '192.0.2.1',
    'ns.example.org:53',
    '192.0.2.1:53\n',
  ],
])('%j is no name server', (server) => {
  expect(taken(server)).toBe(false);
});
