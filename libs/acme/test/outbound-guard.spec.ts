import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AcmeIssuer, generatePrivateKeyPem } from '../src';
import { guardWith } from './guard-with';

let asked: string[];
let named: Record<string, string>;
const here = createServer((request, response) => {
  asked.push(request.url ?? '');
  response.setHeader('content-type', 'application/json').end(JSON.stringify(named));
});
let connections = 0;
here.on('connection', () => connections++);
let port: number;
beforeAll(async () => {
  here.listen(0, '127.0.0.1');
  await once(here, 'listening');
  ({ port } = here.address() as AddressInfo);
});
afterAll(() => here.close());
beforeEach(() => {
  asked = [];
  connections = 0;
});

/** Why the CA cannot be asked. */
async function refusal(directoryUrl: string, loopback: boolean): Promise<unknown> {
  const accountKeyPem = await generatePrivateKeyPem('ec-p256');
  const ca = { directoryUrl, accountKeyPem, contact: [], termsOfServiceAgreed: true };
  const issuer = new AcmeIssuer({ ...ca, guard: guardWith({ loopback }) });
  try {
    return await issuer.registerAccount().catch((error: unknown) => error);
  } finally {
    await issuer.close();
  }
}

test.each([
  ['this machine', () => `https://127.0.0.1:${port}/`, 'not public, and NETWORKS'],
  ['this machine in other clothes', () => `https://[::ffff:127.0.0.1]:${port}/`, 'not public, and NETWORKS'],
  ['this machine by a name', () => `https://localhost:${port}/`, 'not public, and NETWORKS'],
  ['the metadata of a cloud', () => 'https://169.254.169.254/', 'not public, and NETWORKS'],
  ['plain HTTP', () => `http://127.0.0.1:${port}/`, 'is not https'],
])('a directory that the API has named is not asked at %s', async (_, url, words) => {
  expect(await refusal(url(), false)).toMatchObject({
    code: 'ACME_UNAVAILABLE',
    message: expect.stringContaining(words) as string,
  });
  expect(connections).toBe(0);
});

test('a proxy of the environment, which would look the name up itself, is not asked for it', async () => {
  const before = process.env['HTTPS_PROXY'];
  process.env['HTTPS_PROXY'] = `http://127.0.0.1:${port}`;
  try {
    expect(await refusal('https://localhost:9/', false)).toMatchObject({ code: 'ACME_UNAVAILABLE' });
  } finally {
    if (before === undefined) delete process.env['HTTPS_PROXY'];
    else process.env['HTTPS_PROXY'] = before;
  }
  expect(connections).toBe(0);
});

test.each([
  ['newNonce', 'http://inside.example/', 'is not https'],
  ['newNonce', 'file:///etc/passwd', 'is not https'],
])('nor is what it names: %s at %s', async (resource, url, words) => {
  const own = `http://127.0.0.1:${port}`;
  named = {
    newNonce: `${own}/nonce`,
    newAccount: `${own}/account`,
    newOrder: `${own}/order`,
    [resource]: url,
  };
  expect(await refusal(`${own}/directory`, true)).toMatchObject({
    code: 'ACME_UNAVAILABLE',
    message: expect.stringContaining(words) as string,
  });
  expect(new Set(asked)).toEqual(new Set(['/directory']));
});
