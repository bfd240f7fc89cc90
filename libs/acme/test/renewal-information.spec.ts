import { Http01Responder, instantIn, type AcmeIssuer } from '@viw/acme';
import {
  freePort,
  renewalWindows,
  replacedAlready,
  startFaultProxy,
  startPebble,
  type FaultProxy,
  type Pebble,
  type RenewalWindow,
} from '@viw/testing';
import { issuerAt, uniqueName } from './issuing';

let pebble: Pebble;
let proxy: FaultProxy;
let responder: Http01Responder;
let issuer: AcmeIssuer;
let leaf: string;
const name = uniqueName();
beforeAll(async () => {
  const httpPort = await freePort();
  responder = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
  await responder.start();
  pebble = await startPebble({ httpPort });
  proxy = await startFaultProxy(pebble);
  const first = await issuerAt(proxy);
  leaf = (await first.issue({ names: [name], solver: responder })).certificatePem;
  await first.close();
});
afterAll(async () => {
  await responder.stop();
  await proxy.stop();
  await pebble.stop();
});
beforeEach(async () => {
  issuer = await issuerAt(proxy);
});
afterEach(() => issuer.close());

const HOUR = 3_600_000;
const window: RenewalWindow = { start: '2026-05-01T00:00:00Z', end: '2026-05-03T12:00:00.25+00:00' };
const inHours = ({ askAgainAt }: { askAgainAt: Date }) => (askAgainAt.getTime() - Date.now()) / HOUR;
const newOrders = () => proxy.requests.filter(({ payload }) => payload?.['identifiers'] !== undefined);

it('asks for the certificate by its identifier and takes the window over', async () => {
  const windows = renewalWindows(() => ({ ...window, explanationURL: 'https://ca.example/incident' }));
  proxy.use(windows);
  const answer = await issuer.renewalInformation.ask(leaf);
  expect(answer.window).toEqual({
    start: new Date('2026-05-01T00:00:00Z'),
    end: new Date('2026-05-03T12:00:00.250Z'),
    explanationUrl: 'https://ca.example/incident',
  });
  expect(inHours(answer)).toBeCloseTo(6, 1);
  expect(windows.asked).toEqual([expect.stringMatching(/^[\w-]+\.[\w-]+$/)]);
});

it.each([
  ['1', 1 / 60],
  ['7200', 2],
  ['999999', 12],
  [new Date(Date.now() + 3 * HOUR).toUTCString(), 3],
  ['tomorrow', 6],
])('Retry-After %s: asks again within its limits', async (retryAfter, hours) => {
  proxy.use(renewalWindows(() => ({ ...window, retryAfter })));
  expect(inHours(await issuer.renewalInformation.ask(leaf))).toBeCloseTo(hours, 1);
});

it('a CA that makes no suggestions is asked nothing more', async () => {
  proxy.use();
  const answer = await issuer.renewalInformation.ask(leaf);
  expect(answer.window).toBeUndefined();
  expect(inHours(answer)).toBeCloseTo(12, 1);
});

it.each([
  ['an inverted window', { start: window.end, end: window.start }],
  ['an empty window', { start: window.start, end: window.start }],
  ['no JSON', 'not json'],
  ['no window', '{"suggestedWindow":{"start":"yesterday"}}'],
  ['the year 0', { start: '0000-01-01T00:00:00Z', end: window.end }],
  ['a moment that has not been set', { start: '0001-01-01T00:00:00Z', end: '0001-01-02T00:00:00Z' }],
  ['the end of time', { start: window.start, end: '9999-12-31T23:59:59-23:59' }],
])('%s counts as no answer', async (_, answer) => {
  proxy.use(renewalWindows(() => answer));
  await expect(issuer.renewalInformation.ask(leaf)).rejects.toMatchObject({ code: 'ACME_UNAVAILABLE' });
});

it('a certificate that the CA does not know is said to be so; a link that is no web page is left out', async () => {
  proxy.use(renewalWindows(() => undefined));
  await expect(issuer.renewalInformation.ask(leaf)).rejects.toMatchObject({ meta: { http_status: 404 } });
  for (const explanationURL of [
    'javascript:alert(1)',
    'https://ca.example/\u0000',
    'https://ca.example/">',
  ]) {
    proxy.use(renewalWindows(() => ({ ...window, explanationURL })));
    expect((await issuer.renewalInformation.ask(leaf)).window).not.toHaveProperty('explanationUrl');
  }
});

it('an order says which certificate it replaces, to a CA that makes suggestions', async () => {
  const windows = renewalWindows(() => window);
  proxy.use(windows);
  await issuer.renewalInformation.ask(leaf);
  await issuer.issue({ names: [name], solver: responder, replacesPem: leaf });
  expect(newOrders().at(-1)?.payload).toMatchObject({ replaces: windows.asked[0] });
});

it('replaced already: ordered once more, without', async () => {
  proxy.use(
    replacedAlready(),
    renewalWindows(() => window),
  );
  const before = newOrders().length;
  await issuer.issue({ names: [name], solver: responder, replacesPem: leaf });
  const orders = newOrders().slice(before);
  expect(orders.map(({ payload }) => payload?.['replaces'] !== undefined)).toEqual([true, false]);
});

it('picks any instant of the window, and none outside', () => {
  const span = { start: new Date(1_000), end: new Date(2_000) };
  expect([0, 0.5, 0.999_999].map((random) => instantIn(span, random).getTime())).toEqual([
    1_000, 1_500, 1_999,
  ]);
});
