import { Authorities, Dns01Solver, type DnsProvider } from '@viw/acme';
import { eventually, startPebble, type Pebble } from '@viw/testing';
import { startDnsProviderRig, type DnsProviderRig } from './dns-provider-rig';
import { issuerAt } from './issuing';

let rig: DnsProviderRig;
let pebble: Pebble;
beforeAll(async () => {
  rig = await startDnsProviderRig();
  pebble = await startPebble({
    dnsResolver: `127.0.0.1:${rig.knot.port}`,
    strict: true,
    nonceRejectPercent: 50,
  });
});
afterAll(async () => {
  await pebble?.stop();
  await rig?.stop();
});

const solver = (provider: DnsProvider, propagationMs = 60_000) =>
  new Dns01Solver(
    { propagationMs, pollMs: 20 },
    {
      provider,
      authorities: new Authorities({
        resolvers: [`127.0.0.1:${rig.knot.port}`],
        authorityPort: rig.knot.port,
      }),
    },
  );

async function issue(names: string[], provider: DnsProvider) {
  const issuer = await issuerAt(pebble);
  return issuer.issue({ names, solver: solver(provider) }).finally(() => issuer.close());
}

test.each([
  ['Cloudflare', 'cloudflare', 'cf.example'],
  ['Route 53', 'route53', 'r53.example'],
  ['a webhook', 'webhook', 'hook.example'],
] as const)(
  '%s: wildcard and apex at once, nothing foreign touched, nothing left',
  async (_, which, zone) => {
    const provider = rig.providers[which];
    const record = `_acme-challenge.${zone}`;
    await provider.addTxt(record, 'of-somebody-else');
    const issued = await issue([zone, `*.${zone}`], provider);
    expect(issued.names.toSorted()).toEqual([`*.${zone}`, zone]);
    // Beside the foreign one; both at once only if neither was proved before the other was shown.
    expect(rig.most(record)).toBeGreaterThanOrEqual(2);
    await settled(() => rig.knot.txt(record), ['of-somebody-else']);
    await provider.removeTxt(record, 'of-somebody-else');
    await settled(() => rig.knot.txt(record), []);
  },
);

test('acme-dns: wildcard and apex by one CNAME', async () => {
  const names = ['*.delegated.acme-dns.example', 'delegated.acme-dns.example'];
  const issued = await issue(names, rig.providers.acmeDns);
  expect(issued.names.toSorted()).toEqual(names);
  await expect(rig.providers.acmeDns.addTxt('_acme-challenge.other.example', 'x')).rejects.toMatchObject({
    code: 'ACME_REFUSED',
    message: expect.stringContaining(`make it a CNAME to ${rig.acmeDns.account.fulldomain}`) as string,
  });
});

test.each(['cloudflare', 'route53', 'webhook'] as const)(
  '%s: adding and removing again change nothing; what is not there is no error',
  async (which) => {
    const zone = { cloudflare: 'cf.example', route53: 'r53.example', webhook: 'hook.example' }[which];
    const record = `_acme-challenge.again.${zone}`;
    const provider = rig.providers[which];
    await provider.removeTxt(record, 'value');
    await provider.addTxt(record, 'value');
    await provider.addTxt(record, 'value');
    expect(await rig.knot.txt(record)).toEqual(['value']);
    await provider.removeTxt(record, 'value');
    await provider.removeTxt(record, 'value');
    await settled(() => rig.knot.txt(record), []);
  },
);

test('Route 53: workers that change one set at once lose no value of each other', async () => {
  const record = '_acme-challenge.busy.r53.example';
  const values = Array.from({ length: 6 }, (_, index) => `value-${index}`);
  const { providers, route53 } = rig;
  await Promise.all(values.map((value) => providers.route53.addTxt(record, value)));
  expect(route53.values(record).toSorted()).toEqual(values.map((value) => `"${value}"`));
  await Promise.all(values.slice(1).map((value) => providers.route53.removeTxt(record, value)));
  expect(route53.values(record)).toEqual(['"value-0"']);
  await providers.route53.removeTxt(record, 'value-0');
  expect(route53.values(record)).toEqual([]);
});

test('Cloudflare: a value among several pages is found and removed alone', async () => {
  const record = '_acme-challenge.pages.cf.example';
  const { providers, cloudflare } = rig;
  for (const value of ['a', 'b', 'c', 'd', 'e']) await providers.cloudflare.addTxt(record, value);
  await providers.cloudflare.removeTxt(record, 'e');
  const left = cloudflare.records.filter(({ name }) => name === record).map(({ content }) => content);
  expect(left).toEqual(['"a"', '"b"', '"c"', '"d"']);
  for (const value of ['a', 'b', 'c', 'd']) await providers.cloudflare.removeTxt(record, value);
});

test('Cloudflare: a value that moves to a page that was read already is found all the same', async () => {
  const record = '_acme-challenge.moves.cf.example';
  const { providers, cloudflare } = rig;
  for (const value of ['other', 'mine']) await providers.cloudflare.addTxt(record, value);
  const [other] = cloudflare.records.filter(({ name }) => name === record);
  // The first page as it was while there was one more before them, which goes before the second page is asked for.
  cloudflare.answerNext({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      success: true,
      result: [{ id: 'f'.repeat(32), content: '"gone"' }, other],
      result_info: { page: 1, per_page: 2, count: 2, total_count: 3, total_pages: 2 },
    }),
  });
  await providers.cloudflare.removeTxt(record, 'mine');
  expect(cloudflare.records.filter(({ name }) => name === record)).toEqual([other]);
  await providers.cloudflare.removeTxt(record, 'other');
});

/** What is removed shows after the change is in service. */
const settled = (look: () => Promise<string[]>, expected: string[]): Promise<void> =>
  eventually(async () => expect(await look()).toEqual(expected));
