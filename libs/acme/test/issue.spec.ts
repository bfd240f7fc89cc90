import { createPrivateKey, X509Certificate } from 'node:crypto';
import { generatePrivateKeyPem, Http01Responder, splitChain } from '@viw/acme';
import { freePort, startPebble, type Pebble } from '@viw/testing';
import { issuerAt, stepLog, uniqueName } from './issuing';

let pebble: Pebble;
let responder: Http01Responder;

beforeAll(async () => {
  const httpPort = await freePort();
  responder = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
  await responder.start();
  pebble = await startPebble({ httpPort });
});

afterAll(async () => {
  await responder.stop();
  await pebble.stop();
});

describe('issuance by HTTP-01 at a real CA', () => {
  it('issues for one name, tells each step and the order before the challenge', async () => {
    const name = uniqueName();
    const { onStep, log } = stepLog();
    const issuer = await issuerAt(pebble);
    const issued = await issuer.issue({
      names: [name],
      solver: responder,
      onStep,
      onOrder: (url) =>
        void onStep({ step: 'order', status: 'started', name: new URL(url).pathname, duration_ms: 0 }),
    });
    await issuer.close();

    expect(log()).toEqual([
      'account started',
      'account done',
      'order started',
      expect.stringMatching(/^order \/my-order\/\S+ started$/),
      'order done',
      `challenge ${name} started`,
      `challenge ${name} done`,
      'finalize started',
      'finalize done',
      'download started',
      'download done',
    ]);
    expect(issued.names).toEqual([name]);
    expect(issued.issuer).toMatch(/^CN=Pebble Intermediate CA/);
    expect(issued.notAfter.getTime() - issued.notBefore.getTime()).toBeCloseTo(7_776_000_000, -4);
    const leaf = new X509Certificate(issued.certificatePem);
    expect(issued.serial).toBe(leaf.serialNumber.toLowerCase());
    expect(issued.fingerprintSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(leaf.checkPrivateKey(createPrivateKey(issued.privateKeyPem))).toBe(true);
    expect(createPrivateKey(issued.privateKeyPem).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(issued.fullchainPem).toBe(issued.certificatePem + issued.chainPem);
    const [intermediate] = splitChain(issued.chainPem);
    expect(leaf.checkIssued(new X509Certificate(intermediate ?? ''))).toBe(true);
    expect(responder.size).toBe(0);
  });

  it('issues one certificate for two names', async () => {
    const names = [uniqueName('a'), uniqueName('b')];
    const { onStep, log } = stepLog();
    const issuer = await issuerAt(pebble);
    const issued = await issuer.issue({ names, solver: responder, onStep });
    await issuer.close();
    expect(issued.names.toSorted()).toEqual(names.toSorted());
    for (const name of names) expect(log()).toContain(`challenge ${name} done`);
  });

  it.each([
    ['ec-p384', { type: 'ec', namedCurve: 'secp384r1' }],
    ['rsa-2048', { type: 'rsa', modulusLength: 2048 }],
  ] as const)('makes a new %s key when asked', async (keyType, { type, ...details }) => {
    const issuer = await issuerAt(pebble);
    const issued = await issuer.issue({ names: [uniqueName()], keyType, solver: responder });
    await issuer.close();
    const key = createPrivateKey(issued.privateKeyPem);
    expect(key.asymmetricKeyType).toBe(type);
    expect(key.asymmetricKeyDetails).toMatchObject(details);
  });

  it('finds the account of its key again, and uses a known one without asking', async () => {
    const accountKeyPem = await generatePrivateKeyPem();
    const urls: string[] = [];
    const deps = { onAccount: (url: string) => void urls.push(url) };
    const keys = new Set<string>();
    for (const accountUrl of [undefined, undefined, 'known'] as const) {
      const known = accountUrl === undefined ? {} : { accountUrl: urls[0] ?? '' };
      const issuer = await issuerAt(pebble, { accountKeyPem, ...known }, deps);
      keys.add((await issuer.issue({ names: [uniqueName()], solver: responder })).privateKeyPem);
      await issuer.close();
    }
    expect(urls).toHaveLength(2);
    expect(urls[1]).toBe(urls[0]);
    expect(keys.size).toBe(3);
    expect(keys.has(accountKeyPem)).toBe(false);
  });

  it('registers once more when the CA has forgotten the account', async () => {
    const issuer = await issuerAt(pebble, {
      accountUrl: `${new URL('/my-account/no-such', pebble.directoryUrl).href}`,
    });
    const request = { names: [uniqueName()], solver: responder };
    await expect(issuer.issue(request)).rejects.toMatchObject({
      code: 'ACME_REFUSED',
      retryable: true,
      meta: { problem_type: 'accountDoesNotExist', retry: 'soon' },
    });
    await expect(issuer.issue(request)).resolves.toMatchObject({ names: request.names });
    await issuer.close();
  });

  it('issues side by side, each by its own trust anchor', async () => {
    const good = await issuerAt(pebble);
    const bad = await issuerAt({ ...pebble, caCertPem: await pebble.rootPem() });
    const outcomes = await Promise.allSettled(
      [good, bad, good].map((issuer) => issuer.issue({ names: [uniqueName()], solver: responder })),
    );
    await Promise.all([good.close(), bad.close()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({
      reason: { code: 'ACME_UNAVAILABLE', message: expect.stringMatching(/self.signed|verify/) as string },
    });
  });
});

it('gets through a CA that refuses a quarter of all nonces', async () => {
  const httpPort = await freePort();
  const own = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
  await own.start();
  const unfriendly = await startPebble({ httpPort, nonceRejectPercent: 50 });
  try {
    const issuer = await issuerAt(unfriendly);
    const names = [uniqueName('x'), uniqueName('y')];
    await expect(issuer.issue({ names, solver: own })).resolves.toMatchObject({
      names: expect.arrayContaining(names) as string[],
    });
    await issuer.close();
  } finally {
    await own.stop();
    await unfriendly.stop();
  }
});
