import { TrustedProxies, isNetwork, networksOverlap } from './trusted-proxies';

it.each(['127.0.0.1', '10.0.0.0/8', '128.0.0.0/1', '::1', '2001:db8::/32'])('%s is a network', (text) =>
  expect(isNetwork(text)).toBe(true),
);
it.each([
  '',
  'localhost',
  '10.0.0.0/33',
  '::1/129',
  '10.0.0.0/8/8',
  '10.0.0/8',
  '10.0.0.0/-1',
  '0.0.0.0/0',
  '::/0',
  '::/00',
])('"%s" is none', (text) => expect(isNetwork(text)).toBe(false));

it.each([
  ['10.0.0.0/8', '10.1.2.3/32', true],
  ['10.1.2.3', '10.0.0.0/8', true],
  ['10.1.2.0/24', '10.1.2.77/24', true],
  ['10.1.2.0/24', '10.1.3.0/24', false],
  ['2001:db8::/32', '2001:db8:1::/48', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['10.0.0.0/8', '2001:db8::/32', false],
])('%s and %s overlap: %s', (one, other, overlap) => expect(networksOverlap(one, other)).toBe(overlap));

const proxies = new TrustedProxies({ networks: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'] });

it.each([
  ['10.1.2.3', true],
  ['::ffff:10.1.2.3', true],
  ['11.0.0.1', false],
  ['192.0.2.1', true],
  ['192.0.2.2', false],
  ['2001:db8:1::1', true],
  ['2001:db9::1', false],
  ['', false],
])('%s trusted: %s', (address, trusted) => expect(proxies.has(address)).toBe(trusted));

it.each([
  ['a peer that is not trusted', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
  ['no header', '10.0.0.1', undefined, '10.0.0.1'],
  ['one hop', '10.0.0.1', '203.0.113.5', '203.0.113.5'],
  ['what a client made up', '10.0.0.1', '192.168.7.7, 203.0.113.5', '203.0.113.5'],
  ['several proxies', '10.0.0.1', '203.0.113.5, 192.0.2.1, 10.9.9.9', '203.0.113.5'],
  ['a hop that is no address', '10.0.0.1', '203.0.113.5, unknown', '10.0.0.1'],
  ['nothing but proxies', '10.0.0.1', '10.0.0.2', '10.0.0.2'],
  ['both families', '::ffff:10.0.0.1', '2001:db9::5', '2001:db9::5'],
])('the client with %s', (_, peer, header, client) => expect(proxies.client(peer, header)).toBe(client));

it('without any, nobody is believed', () => {
  const none = new TrustedProxies({ networks: [] });
  expect(none.has('127.0.0.1')).toBe(false);
  expect(none.client('127.0.0.1', '203.0.113.5')).toBe('127.0.0.1');
});
