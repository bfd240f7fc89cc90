import { X509Certificate } from 'node:crypto';
import { Http01Responder, splitChain, type IssueRequest } from '@viw/acme';
import { freePort, profiles, startFaultProxy, startPebble, type FaultProxy, type Pebble } from '@viw/testing';
import { issuerAt, stepLog, uniqueName } from './issuing';

const eab = { kid: 'kid-1', hmacKey: Buffer.alloc(32, 7).toString('base64url') };

let pebble: Pebble;
let proxy: FaultProxy;
let responder: Http01Responder;
beforeAll(async () => {
  const httpPort = await freePort();
  responder = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
  await responder.start();
  pebble = await startPebble({
    httpPort,
    strict: true,
    nonceRejectPercent: 50,
    authzReusePercent: 100,
    alternateRoots: 2,
    chainLength: 3,
    externalAccountKeys: { [eab.kid]: eab.hmacKey },
  });
  proxy = await startFaultProxy(pebble);
});
afterAll(async () => {
  await responder.stop();
  await proxy.stop();
  await pebble.stop();
});
beforeEach(() => proxy.use());

async function issue(more: Partial<IssueRequest> = {}, binding: typeof eab | null = eab) {
  const issuer = await issuerAt(proxy, binding ? { externalAccountBinding: binding } : {});
  try {
    return await issuer.issue({ names: [uniqueName()], solver: responder, ...more });
  } finally {
    await issuer.close();
  }
}

const commonName = (pem: string): string => /CN=(.*)/.exec(new X509Certificate(pem).subject)?.[1] ?? '';

test('a CA that asks for an external account binding, with and without', async () => {
  await expect(issue()).resolves.toHaveProperty('serial');
  await expect(issue({}, null)).rejects.toMatchObject({
    code: 'ACME_REFUSED',
    meta: { problem_type: 'externalAccountRequired', retry: 'never' },
  });
  const { kid } = eab;
  const wrong = { kid, hmacKey: Buffer.alloc(32, 8).toString('base64url') };
  const refused: unknown = await issue({}, wrong).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: 'ACME_REFUSED',
    meta: { retry: expect.stringMatching(/never|slow/) as string },
  });
  expect(String(refused)).not.toContain(wrong.hmacKey);
});

test('several intermediates, and the chain that was preferred', async () => {
  const roots = await Promise.all([0, 1, 2].map((chain) => pebble.rootPem(chain)));
  for (const root of roots) {
    const issued = await issue({ preferredChain: commonName(root) });
    const intermediates = splitChain(issued.chainPem);
    expect(intermediates.length).toBeGreaterThan(1);
    const last = new X509Certificate(intermediates.at(-1) ?? '');
    expect(last.checkIssued(new X509Certificate(root))).toBe(true);
    expect(last.verify(new X509Certificate(root).publicKey)).toBe(true);
  }
});

test('a chain that the CA does not have: its default is taken, and that is said', async () => {
  const { onStep, events } = stepLog();
  await issue({ preferredChain: 'Nobody Root X9', onStep });
  expect(events.at(-1)?.detail).toContain('the CA has no chain that ends at Nobody Root X9');
});

test('an authorization that the CA re-uses is not proved once more', async () => {
  const issuer = await issuerAt(proxy, { externalAccountBinding: eab });
  const names = [uniqueName()];
  await issuer.issue({ names, solver: responder });
  const silent = {
    type: 'http-01' as const,
    present: () => Promise.reject(new Error('asked')),
    cleanup: async () => undefined,
  };
  await expect(issuer.issue({ names, solver: silent })).resolves.toMatchObject({ names });
  await issuer.close();
});

test('a profile goes with the order, where the CA names it', async () => {
  proxy.use(profiles('classic', 'shortlived'));
  await issue({ profile: 'shortlived' });
  const [order] = proxy.requests.filter(({ payload }) => payload?.['profile'] !== undefined);
  expect(order?.payload).toMatchObject({ profile: 'shortlived' });
  await expect(issue({ profile: 'tlsserver' })).rejects.toMatchObject({
    code: 'ACME_REFUSED',
    message: 'the CA offers no profile tlsserver, only classic, shortlived',
    meta: { retry: 'never' },
  });
});
