import { ReachableAddresses, isLoopbackNetwork, resolveBySystem } from './reachable-addresses';

const reachable = (privateNetworks: string[] = [], addresses: string[] = []) =>
  new ReachableAddresses(
    { privateNetworks, setting: 'NETWORKS' },
    { resolve: () => Promise.resolve(addresses) },
  );

it.each(['93.184.215.14', '1.1.1.1', '2606:4700::1111', '::ffff:1.1.1.1'])('%s is public', (address) => {
  expect(reachable().has(address)).toBe(true);
});

it.each([
  ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...['169.254.169.254', '100.64.0.1', '192.0.0.8', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
  ...['::', '::1', 'fe80::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
  ...['64:ff9b::7f00:1', '64:ff9b::101:101', '64:ff9b:1::a00:1', '2002:7f00:1::', '2001::1', '2001:db8::1'],
  ...['fec0::1', '::127.0.0.1', '::ffff:0:a00:1', '3fff::1', '100::1', '4000::1', 'febf::1', 'fdff::1'],
  ...['172.31.0.1', '100.127.255.255', '192.88.99.1', '239.255.255.255', '240.0.0.1', '0.1.2.3', '10.0.0.0'],
  ...[
    'fe80::1%eth0',
    'fd00::1%1',
    '2606:4700::1111%eth0',
    '127.1',
    '0x7f000001',
    '0177.0.0.1',
    'localhost',
    '',
  ],
])('%s is not', (address) => {
  expect(reachable().has(address)).toBe(false);
});

it('a setting allows networks, and only those', () => {
  const some = reachable(['10.1.0.0/16', 'fd00::/8']);
  expect(['10.1.9.9', '::ffff:10.1.9.9', 'fd00::1', '10.2.0.1'].map((each) => some.has(each))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

it('a network of others holds nothing of this machine, of the link, of a group or of nobody', () => {
  const all = reachable(['0.0.0.0/1', '127.0.0.0/4', '128.0.0.0/1', '::/1', '8000::/1', '169.254.0.0/16']);
  expect(all.has('10.0.0.1') && all.has('192.168.0.1') && all.has('fd00::1')).toBe(true);
  for (const never of [
    ...['127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::', '169.254.169.254', 'fe80::1'],
    ...['224.0.0.1', 'ff02::1', '255.255.255.255', '::ffff:a9fe:a9fe'],
  ])
    expect([never, all.has(never)]).toEqual([never, false]);
});

it('this machine is reachable where its own networks are listed', () => {
  const here = reachable(['127.0.0.0/8', '::1']);
  expect(['127.0.0.1', '::ffff:127.0.0.1', '::1', '10.0.0.1', '0.0.0.0'].map((one) => here.has(one))).toEqual(
    [true, true, true, false, false],
  );
  expect(
    ['127.0.0.1', '127.1.0.0/16', '::1', '::1/128', '127.0.0.0/7', '::1/64', '10.0.0.0/8'].map(
      isLoopbackNetwork,
    ),
  ).toEqual([true, true, true, true, false, false, false]);
});

it('the system knows names that DNS does not', async () => {
  await expect(resolveBySystem('localhost')).resolves.toEqual(expect.arrayContaining(['127.0.0.1']));
});

it.each([
  'https://127.0.0.1/',
  'https://[::1]/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://[::ffff:a00:1]/',
])('a host that is an address needs no look-up to be refused: %s', (url) => {
  expect(() => reachable().assertHost(new URL(url).hostname)).toThrow(
    'the address is not public, and NETWORKS does not allow its network',
  );
});

const lookup = (from: ReachableAddresses, all: boolean): Promise<unknown> =>
  new Promise((resolve, reject) =>
    from.lookup('hook.example', { all }, (error, address, family) =>
      error ? reject(error) : resolve(all ? address : [address, family]),
    ),
  );

it('of a name only reachable addresses are connected to', async () => {
  const mixed = reachable([], ['10.0.0.1', '1.1.1.1', '::1', '2606:4700::1111']);
  await expect(lookup(mixed, true)).resolves.toEqual([
    { address: '1.1.1.1', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ]);
  await expect(lookup(mixed, false)).resolves.toEqual(['1.1.1.1', 4]);
  await expect(lookup(reachable([], ['10.0.0.1']), true)).rejects.toThrow(
    'the address is not public, and NETWORKS does not allow its network',
  );
  await expect(lookup(reachable(), true)).rejects.toThrow('no address');
});
