import {
  Authorities,
  Dns01Solver,
  Rfc2136Provider,
  parseTsigKey,
  type AuthoritiesOptions,
  type ChallengeSolver,
  type DnsProvider,
} from '@viw/acme';
import { eventually, freePort, startKnot, startPebble, type Knot, type Pebble } from '@viw/testing';
import { guardWith } from './guard-with';
import { issuerAt } from './issuing';

const records = `
_acme-challenge.inside CNAME target
_acme-challenge.delegated CNAME abc.acme-zone.example.
_acme-challenge.endless CNAME _acme-challenge.endless2
_acme-challenge.endless2 CNAME _acme-challenge.endless
`;
const two = { servers: { ns1: '127.0.0.1', ns2: '127.0.0.2' } };

let primary: Knot;
let secondary: Knot;
let pebble: Pebble;
beforeAll(async () => {
  primary = await startKnot({
    zones: { 'one.example': { records }, 'acme-zone.example': {}, 'two.example': two },
  });
  secondary = await startKnot({ zones: { 'two.example': two }, address: '127.0.0.2', port: primary.port });
  pebble = await startPebble({
    dnsResolver: `127.0.0.1:${primary.port}`,
    strict: true,
    nonceRejectPercent: 50,
  });
});
afterAll(async () => {
  await pebble.stop();
  await secondary.stop();
  await primary.stop();
});

const authorities = (more: AuthoritiesOptions = {}) =>
  new Authorities({ resolvers: [`127.0.0.1:${primary.port}`], authorityPort: primary.port, ...more });

function providerAt({ address: host, port }: Pick<Knot, 'address' | 'port'>, key = primary.tsigKey) {
  return new Rfc2136Provider({ host, port, key: parseTsigKey(key)! });
}

const solver = (propagationMs = 60_000, provider: DnsProvider = providerAt(primary)) =>
  new Dns01Solver({ propagationMs, pollMs: 20 }, { provider, authorities: authorities() });

const challenge = (name: string) => ({
  type: 'dns-01' as const,
  identifier: { type: 'dns' as const, value: name },
  wildcard: false,
  token: 'token',
  keyAuthorization: `token.${name}`,
});

async function issue(names: string[], by: Dns01Solver) {
  const issuer = await issuerAt(pebble);
  try {
    return await issuer.issue({ names, solver: by });
  } finally {
    await issuer.close();
  }
}

test('wildcard and apex at once: both values stand side by side, nothing is left, nothing foreign is touched', async () => {
  const record = '_acme-challenge.one.example';
  await providerAt(primary).addTxt(record, 'of-somebody-else');
  const real = providerAt(primary);
  let seen: string[] = [];
  let added = 0;
  let both: () => void = () => undefined;
  const together = new Promise<void>((resolve) => (both = resolve));
  const watched: DnsProvider = {
    description: 'watched',
    addTxt: async (name, value, signal) => {
      await real.addTxt(name, value, signal);
      // Neither is proved, and taken back, before both have been seen.
      if (++added === 2) {
        seen = await primary.txt(name);
        both();
      }
      await together;
    },
    removeTxt: (name, value) => real.removeTxt(name, value),
  };
  const issued = await issue(['*.one.example', 'one.example'], solver(60_000, watched));
  expect(issued.names.toSorted()).toEqual(['*.one.example', 'one.example']);
  expect(seen).toHaveLength(3);
  expect(await primary.txt(record)).toEqual(['of-somebody-else']);
});

test('what a worker that died has left behind is taken back with its order', async () => {
  const names = ['died.one.example'];
  const record = '_acme-challenge.died.one.example';
  const real = solver();
  const issuer = await issuerAt(pebble);
  const dying: ChallengeSolver = {
    type: 'dns-01',
    present: (pending, signal) => real.present(pending, signal),
    cleanup: () => Promise.resolve(),
  };
  let orderUrl = '';
  const attempt = issuer.issue({
    names,
    solver: dying,
    onOrder: (url) => void (orderUrl = url),
    onKey: () => Promise.reject(new Error('died')),
  });
  await expect(attempt).rejects.toThrow('died');
  expect(await primary.txt(record)).toHaveLength(1);
  await issuer.issue({ names, solver: real, resume: { orderUrl } });
  await issuer.close();
  expect(await primary.txt(record)).toEqual([]);
});

test('a CNAME leads the record elsewhere, within the zone and to one that is there for this only', async () => {
  await expect(issue(['inside.one.example'], solver())).resolves.toHaveProperty('serial');
  const delegated = challenge('delegated.one.example');
  const one = solver();
  await one.present(delegated);
  expect(await primary.txt('abc.acme-zone.example')).toHaveLength(1);
  await one.cleanup(delegated);
  expect(await primary.txt('abc.acme-zone.example')).toEqual([]);
});

test('a record is presented when every authoritative server shows it, and not before', async () => {
  const pending = challenge('www.two.example');
  const record = '_acme-challenge.www.two.example';
  const one = solver();
  let presented = false;
  const presenting = one.present(pending).then(() => (presented = true));
  const [value] = await eventually(async () => {
    const values = await primary.txt(record);
    expect(values).toHaveLength(1);
    return values;
  });
  // Several looks at the primary later.
  for (let look = 0; look < 5; look++) await authorities().txtEverywhere(record);
  expect(presented).toBe(false);
  await providerAt(secondary, secondary.tsigKey).addTxt(record, value!);
  await presenting;
  await one.cleanup(pending);
  await providerAt(secondary, secondary.tsigKey).removeTxt(record, value!);
});

test('a server that never shows it is named, and the record is taken back', async () => {
  await expect(issue(['late.two.example'], solver(300))).rejects.toMatchObject({
    code: 'ACME_REFUSED',
    message: expect.stringMatching(
      /_acme-challenge\.late\.two\.example does not show at ns2\.two\.example \(127\.0\.0\.2\)/,
    ) as string,
    meta: { retry: 'slow', identifier: 'late.two.example' },
  });
  expect(await primary.txt('_acme-challenge.late.two.example')).toEqual([]);
});

describe('what cannot be done is said', () => {
  const attempt = (name: string, provider: DnsProvider) => solver(300, provider).present(challenge(name));
  const foreignKey = `viw-test:${Buffer.alloc(32, 1).toString('base64')}`;

  it('a key that the server does not accept', async () => {
    await expect(attempt('www.one.example', providerAt(primary, foreignKey))).rejects.toMatchObject({
      code: 'ACME_REFUSED',
      message: expect.stringMatching(/does not accept the key/) as string,
    });
  });

  it('a name that the server has no zone for', async () => {
    await expect(providerAt(secondary).addTxt('_acme-challenge.one.example', 'x')).rejects.toMatchObject({
      code: 'ACME_REFUSED',
      message: expect.stringMatching(/has no zone for it/) as string,
    });
  });

  it('a server that is not there may pass', async () => {
    const nowhere = providerAt({ address: '127.0.0.1', port: await freePort() });
    await expect(attempt('www.one.example', nowhere)).rejects.toMatchObject({ code: 'ACME_UNAVAILABLE' });
  });

  it('CNAMEs that go round in circles', async () => {
    await expect(attempt('endless.one.example', providerAt(primary))).rejects.toThrow(/do not end/);
  });
});

describe('name servers at addresses where viw may not go', () => {
  const asked = async (options: AuthoritiesOptions) =>
    (await authorities(options).txtEverywhere('www.two.example')).map(({ server }) => server);

  it('are not asked, while others are', async () => {
    expect(await asked({})).toHaveLength(2);
    const guard = guardWith({ privateNetworks: ['127.0.0.1/32'] });
    expect(await asked({ guard })).toEqual(['ns1.two.example (127.0.0.1)']);
    expect(await asked({ guard: guardWith(), trusted: ['127.0.0.2'] })).toEqual([
      'ns2.two.example (127.0.0.2)',
    ]);
  });

  it('are all that there is: said at once, and the record is taken back', async () => {
    const guarded = { provider: providerAt(primary), authorities: authorities({ guard: guardWith() }) };
    await expect(issue(['guarded.two.example'], new Dns01Solver({}, guarded))).rejects.toMatchObject({
      code: 'ACME_REFUSED',
      message: expect.stringContaining(
        'no name server of two.example may be asked: the address is not public, and NETWORKS does not',
      ) as string,
      meta: { retry: 'slow' },
    });
    expect(await primary.txt('_acme-challenge.guarded.two.example')).toEqual([]);
  });
});

test('a name server that does not answer holds up no certificate', async () => {
  await secondary.stop();
  await expect(issue(['alone.two.example'], solver())).resolves.toHaveProperty('serial');
});

test.each([
  ['viw:c2VjcmV0c2VjcmV0c2VjcmV0', { algorithm: 'hmac-sha256', name: 'viw' }],
  ['hmac-SHA512:Viw.Example.:c2VjcmV0c2VjcmV0c2VjcmV0', { algorithm: 'hmac-sha512', name: 'viw.example' }],
  ['hmac-md5:viw:c2VjcmV0c2VjcmV0c2VjcmV0', undefined],
  ['viw:c2hvcnQ=', undefined],
  ['viw', undefined],
  ['a b:c2VjcmV0c2VjcmV0c2VjcmV0', undefined],
])('key %s', (text, expected) => {
  const key = parseTsigKey(text);
  if (expected) expect(key).toMatchObject(expected);
  else expect(key).toBeUndefined();
});
