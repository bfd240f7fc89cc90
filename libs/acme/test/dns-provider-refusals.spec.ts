import { CloudflareProvider, DnsWebhookProvider, Route53Provider, type DnsProvider } from '@viw/acme';
import { AppError } from '@viw/runtime';
import { startDnsProviderRig, type DnsProviderRig } from './dns-provider-rig';
import { guardWith } from './guard-with';

let rig: DnsProviderRig;
beforeAll(async () => (rig = await startDnsProviderRig()));
afterAll(() => rig?.stop());

async function failure(provider: DnsProvider, name: string): Promise<AppError> {
  const error = await provider.addTxt(name, 'value').then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, got ${String(error)}`);
  const told = `${error.message} ${JSON.stringify(error.meta)}`;
  for (const secret of rig.secrets) expect(told).not.toContain(secret);
  return error;
}

const cf = '_acme-challenge.cf.example';
const r53 = '_acme-challenge.r53.example';

test.each([
  [
    'a token that Cloudflare does not know',
    cf,
    () => ({ apiToken: 'x'.repeat(40) }),
    /does not accept the API token/,
  ],
  [
    'a zone that the token may only read',
    '_acme-challenge.read.example',
    () => ({}),
    /does not accept the API token/,
  ],
  [
    'a zone that the token does not see',
    '_acme-challenge.strange.example',
    () => ({}),
    /shows this token no zone/,
  ],
])('Cloudflare: %s', async (_, name, more, words) => {
  const options = {
    apiToken: rig.token,
    apiUrl: rig.cloudflare.url,
    guard: guardWith({ loopback: true }),
    ...more(),
  };
  const { code, message, meta } = await failure(new CloudflareProvider(options), name);
  expect({ code, retry: meta['retry'] }).toEqual({ code: 'ACME_REFUSED', retry: 'slow' });
  expect(message).toMatch(words);
});

test.each([
  [
    'a wrong secret key',
    r53,
    { secretAccessKey: 'wrong' },
    /secret key is another one.*SignatureDoesNotMatch/,
  ],
  ['an access key that AWS does not know', r53, { accessKeyId: 'AKIAOTHER' }, /does not know the access key/],
  ['two public zones of one name', '_acme-challenge.twin.example', {}, /several public zones twin\.example/],
  ['no zone', '_acme-challenge.www.viw.test', {}, /no public hosted zone/],
  ['an id of no zone', r53, { hostedZoneId: 'ZNONE' }, /there is no such hosted zone/],
])('Route 53: %s', async (_, name, more, words) => {
  const { code, message } = await failure(new Route53Provider({ ...rig.awsOptions, ...more }), name);
  expect(code).toBe('ACME_REFUSED');
  expect(message).toMatch(words);
});

test('Route 53: the id of a zone says which of two; the longest zone is taken, not the one around it', async () => {
  const name = '_acme-challenge.twin.example';
  await new Route53Provider({ ...rig.awsOptions, hostedZoneId: 'ZTWINB' })
    .addTxt(name, 'value')
    .catch(() => undefined);
  expect(rig.route53.requests.at(-1)?.path).toMatch(/^\/2013-04-01\/(hostedzone\/ZTWINB|change)/);
  await rig.providers.route53.addTxt(r53, 'value');
  expect(rig.route53.requests.some(({ path }) => path.includes('/hostedzone/ZPUBLIC/rrset'))).toBe(true);
  expect(
    rig.route53.requests.some(({ path }) => path.includes('/ZPARENT/') || path.includes('/ZPRIVATE/')),
  ).toBe(false);
});

describe('an API that is busy', () => {
  const limited = (seconds: string) => ({ status: 429, headers: { 'retry-after': seconds }, body: '{}' });
  const throttled = {
    status: 400,
    body: '<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>',
  };

  it.each([
    ['Cloudflare', () => rig.cloudflare, () => rig.providers.cloudflare, cf, limited('0')],
    [
      'Route 53',
      () => rig.route53,
      () => rig.providers.route53,
      '_acme-challenge.slow.r53.example',
      throttled,
    ],
    [
      'a webhook',
      () => rig.webhook,
      () => rig.providers.webhook,
      '_acme-challenge.hook.example',
      { status: 503, body: '' },
    ],
  ] as const)('%s is asked again', async (_, server, provider, name, answer) => {
    server().answerNext(answer);
    await expect(provider().addTxt(name, 'value')).resolves.toBeUndefined();
  });

  it('is left alone until the time that it names', async () => {
    rig.cloudflare.answerNext(limited('120'));
    const { code, meta } = await failure(rig.providers.cloudflare, cf);
    expect({ code, retry: meta['retry'] }).toEqual({ code: 'ACME_UNAVAILABLE', retry: 'at' });
    expect(Date.parse(meta['retry_at'] as string) - Date.now()).toBeGreaterThan(60_000);
  });
});

describe('a server that is not what it should be', () => {
  const hook = (url: string, more = {}) =>
    new DnsWebhookProvider({
      url,
      signingKey: rig.signingKey,
      guard: guardWith({ loopback: true }),
      timeoutMs: 60_000,
      ...more,
    });
  const name = '_acme-challenge.hook.example';
  const asked = () => rig.webhook.requests.length;

  it('is not followed elsewhere', async () => {
    const before = rig.cloudflare.requests.length;
    rig.webhook.answerNext({ status: 307, headers: { location: `${rig.cloudflare.url}/zones` }, body: '' });
    expect((await failure(rig.providers.webhook, name)).message).toMatch(/answers HTTP 307/);
    expect(rig.cloudflare.requests).toHaveLength(before);
  });

  it.each([
    ['nonsense', 'no json', /cannot be used/],
    ['another shape', '{"status": "perhaps"}', /cannot be used/],
    ['too much', 'x'.repeat(3 * 1024 * 1024), /sends more than/],
    [
      'words of its own',
      '{"status": "failed", "message": "zone is locked"}',
      /did not present: zone is locked/,
    ],
  ])('answers %s', async (_, body, words) => {
    rig.webhook.answerNext({ status: 200, body });
    expect((await failure(rig.providers.webhook, name)).message).toMatch(words);
  });

  it.each([
    ['plain HTTP', 'http://hooks.example.org/', {}, /is not https/],
    ['this machine, unless it is allowed', () => rig.webhook.url, { guard: guardWith() }, /is not https/],
    ['this machine by HTTPS', 'https://127.0.0.1:9/', { guard: guardWith() }, /not public, and NETWORKS/],
    [
      'this machine in other clothes',
      'https://[::ffff:127.0.0.1]:9/',
      { guard: guardWith() },
      /not public, and NETWORKS/,
    ],
    ['this machine by a name', 'https://localhost:9/', { guard: guardWith() }, /not public, and NETWORKS/],
    [
      'the metadata of a cloud',
      'https://169.254.169.254/',
      { guard: guardWith() },
      /not public, and NETWORKS/,
    ],
  ])('is not asked: %s', async (_, url, more, words) => {
    const before = asked();
    const { message, code } = await failure(hook(typeof url === 'string' ? url : url(), more), name);
    expect({ message, code }).toEqual({
      message: expect.stringMatching(words) as string,
      code: 'ACME_UNAVAILABLE',
    });
    expect(asked()).toBe(before);
  });

  it('does not sign with another key', async () => {
    const wrong = hook(rig.webhook.url, { signingKey: Buffer.alloc(32) });
    expect((await failure(wrong, name)).message).toMatch(/answers HTTP 401/);
  });
});
