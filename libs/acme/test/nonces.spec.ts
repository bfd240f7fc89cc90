import { Http01Responder } from '@viw/acme';
import {
  freePort,
  refusedNonces,
  startFaultProxy,
  startPebble,
  type FaultProxy,
  type Pebble,
} from '@viw/testing';
import { issuerAt, uniqueName } from './issuing';

let pebble: Pebble;
let proxy: FaultProxy;
let responder: Http01Responder;
beforeAll(async () => {
  const httpPort = await freePort();
  responder = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
  await responder.start();
  pebble = await startPebble({ httpPort, nonceRejectPercent: 0 });
  proxy = await startFaultProxy(pebble);
});
afterAll(async () => {
  await responder.stop();
  await proxy.stop();
  await pebble.stop();
});

const asked = (method: string): number =>
  proxy.requests.filter((request) => request.method === method).length;

it('asks for the first nonce only; each answer brings the next, also side by side', async () => {
  const issuer = await issuerAt(proxy);
  const issue = () => issuer.issue({ names: [uniqueName()], solver: responder });
  await issue();
  expect(asked('HEAD')).toBe(1);
  await Promise.all([issue(), issue(), issue(), issue()]);
  // One of them found the nonce of before; no other could have been there yet.
  expect(asked('HEAD')).toBeLessThanOrEqual(4);
  expect(asked('POST')).toBeGreaterThan(5 * 7);
  await issuer.close();
});

it('goes on with a CA that has been started anew and knows none of the nonces', async () => {
  const issuer = await issuerAt(proxy);
  await issuer.issue({ names: [uniqueName()], solver: responder });
  await pebble.restart();
  const again = () => issuer.issue({ names: [uniqueName()], solver: responder });
  // The account is gone, too; whoever asks registers once more.
  await expect(again()).rejects.toMatchObject({ meta: { problem_type: 'accountDoesNotExist' } });
  await expect(again()).resolves.toHaveProperty('fingerprintSha256');
  await issuer.close();
});

it('gets through a CA that refuses six nonces of each request in a row: more than one call of the library bears', async () => {
  proxy.use(refusedNonces(6));
  const issuer = await issuerAt(proxy);
  const names = [uniqueName()];
  await expect(issuer.issue({ names, solver: responder })).resolves.toMatchObject({ names });
  await issuer.close();
});

it('gives up one that refuses them all, for now', async () => {
  proxy.use(refusedNonces(Infinity));
  const issuer = await issuerAt(proxy);
  await expect(issuer.issue({ names: [uniqueName()], solver: responder })).rejects.toMatchObject({
    code: 'ACME_UNAVAILABLE',
    meta: { problem_type: 'badNonce', retry: 'soon' },
  });
  await issuer.close();
});
