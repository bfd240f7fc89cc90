import { AppError } from '@viw/runtime';
import { Http01Responder, type AcmeIssuer } from '@viw/acme';
import {
  cutBodies,
  freePort,
  prettyJson,
  rateLimit,
  serverErrors,
  slowAnswers,
  startFaultProxy,
  startPebble,
  unknownChallenges,
  type FaultProxy,
  type Pebble,
} from '@viw/testing';
import { issuerAt, uniqueName } from './issuing';

let pebble: Pebble;
let proxy: FaultProxy;
let responder: Http01Responder;
let issuer: AcmeIssuer;
beforeAll(async () => {
  const httpPort = await freePort();
  responder = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
  await responder.start();
  pebble = await startPebble({ httpPort, nonceRejectPercent: 50 });
  proxy = await startFaultProxy(pebble);
});
afterAll(async () => {
  await responder.stop();
  await proxy.stop();
  await pebble.stop();
});
beforeEach(async () => {
  proxy.use();
  issuer = await issuerAt(proxy);
});
afterEach(() => issuer.close());

const issue = (names = [uniqueName()]) => issuer.issue({ names, solver: responder });
const failure = async (work: Promise<unknown>): Promise<AppError> => {
  const error: unknown = await work.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw error;
  return error;
};
const isNewOrder = ({ payload }: { payload?: Readonly<Record<string, unknown>> | undefined }) =>
  payload?.['identifiers'] !== undefined;

describe('a rate limit', () => {
  it.each([
    ['seconds', () => '7200', 7_200],
    ['a date', () => new Date(Date.now() + 7_200_000).toUTCString(), 7_200],
    ['no time', () => undefined, 3_600],
    ['nonsense', () => 'soon', 3_600],
  ])('with Retry-After as %s tells when', async (_, retryAfter, seconds) => {
    proxy.use(rateLimit(retryAfter()));
    const before = proxy.requests.filter(isNewOrder).length;
    const error = await failure(issue());
    expect(error).toMatchObject({
      code: 'ACME_RATE_LIMITED',
      retryable: true,
      meta: { problem_type: 'rateLimited', retry: 'at', http_status: 429 },
    });
    const wait = (Date.parse(error.meta['retry_at'] as string) - Date.now()) / 1_000;
    expect(Math.abs(wait - seconds)).toBeLessThan(30);
    // Not tried again inside.
    expect(proxy.requests.filter(isNewOrder)).toHaveLength(before + 1);
    proxy.use();
    await expect(issue()).resolves.toHaveProperty('fingerprintSha256');
  });
});

describe('answers of another shape', () => {
  it('pretty-printed JSON and challenges that nobody knows change nothing', async () => {
    proxy.use(unknownChallenges(), prettyJson());
    const names = [uniqueName('a'), uniqueName('b')];
    expect((await issue(names)).names.toSorted()).toEqual(names.toSorted());
  });

  it('a cut body is a fault of the CA, which may pass', async () => {
    proxy.use(cutBodies(isNewOrder));
    expect(await failure(issue())).toMatchObject({ code: 'ACME_UNAVAILABLE', meta: { retry: 'soon' } });
  });

  it('a server error without a problem document may pass', async () => {
    proxy.use(serverErrors(isNewOrder, 1));
    const error = await failure(issue());
    expect(error).toMatchObject({ code: 'ACME_UNAVAILABLE', meta: { retry: 'soon', http_status: 500 } });
    await expect(issue()).resolves.toHaveProperty('fingerprintSha256');
  });

  it('an answer that does not come is not waited for', async () => {
    const impatient = await issuerAt(proxy, { requestTimeoutMs: 500 });
    proxy.use(slowAnswers(1_500));
    const error = await failure(impatient.issue({ names: [uniqueName()], solver: responder }));
    await impatient.close();
    expect(error).toMatchObject({ code: 'ACME_UNAVAILABLE', meta: { retry: 'soon' } });
    expect(error.message).toContain('timeout');
  });
});

test('a download that fails is made up for with the same order and key', async () => {
  const stored = { orderUrl: '', privateKeyPem: '' };
  const names = [uniqueName()];
  proxy.use(serverErrors(({ path }) => path.startsWith('/certZ/')));
  const attempt = issuer.issue({
    names,
    solver: responder,
    onOrder: (url) => void (stored.orderUrl = url),
    onKey: (pem) => void (stored.privateKeyPem = pem),
  });
  expect(await failure(attempt)).toMatchObject({ code: 'ACME_UNAVAILABLE' });
  proxy.use();
  const before = proxy.requests.filter(isNewOrder).length;
  const issued = await issuer.issue({ names, solver: responder, resume: stored });
  expect(issued.privateKeyPem).toBe(stored.privateKeyPem);
  expect(proxy.requests.filter(isNewOrder)).toHaveLength(before);
});
