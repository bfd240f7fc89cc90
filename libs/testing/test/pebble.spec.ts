import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import * as acme from 'acme-client';
import { type Pebble, isAlive, startNginx, startPebble } from '../src/index';

function getDirectory(pebble: Pebble): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const call = request(pebble.directoryUrl, { ca: pebble.caCertPem, agent: false }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => resolve(JSON.parse(text) as Record<string, unknown>));
    });
    call.on('error', reject);
    call.end();
  });
}

/** Orders one name, with the token under the web root (or nowhere). */
async function order(pebble: Pebble, webroot: string, name: string, answer: boolean): Promise<string> {
  acme.axios.defaults.httpsAgent = new (await import('node:https')).Agent({ ca: pebble.caCertPem });
  const client = new acme.Client({
    directoryUrl: pebble.directoryUrl,
    accountKey: await acme.crypto.createPrivateEcdsaKey(),
    backoffMin: 50,
    backoffMax: 200,
  });
  const [, csr] = await acme.crypto.createCsr({ altNames: [name] });
  const token = (file: string) => join(webroot, '.well-known/acme-challenge', file);
  return client.auto({
    csr,
    termsOfServiceAgreed: true,
    skipChallengeVerification: true,
    challengePriority: ['http-01'],
    challengeCreateFn: async (_, challenge, text) => {
      if (answer) await writeFile(token(challenge.token), text);
    },
    challengeRemoveFn: (_, challenge) => rm(token(challenge.token), { force: true }),
  });
}

test('two at once, both programs of each end', async () => {
  const [one, two] = await Promise.all([startPebble(), startPebble({ strict: true })]);
  expect(await getDirectory(one)).toHaveProperty('newOrder');
  expect(await one.rootPem()).not.toBe(await two.rootPem());
  const pids = [one, two].flatMap((pebble) => [pebble.pid, pebble.challtestsrv.pid]);
  await Promise.all([one.stop(), two.stop()]);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(existsSync(one.caCertFile)).toBe(false);
});

test('it validates: a certificate of 90 days when the token is served, none when it is not', async () => {
  const nginx = await startNginx({ sites: [] });
  const pebble = await startPebble({ httpPort: nginx.httpPort });
  const chain = await order(pebble, nginx.webroot, 'good.example', true);
  const leaf = new X509Certificate(chain);
  expect(leaf.subjectAltName).toBe('DNS:good.example');
  const days = (new Date(leaf.validTo).getTime() - new Date(leaf.validFrom).getTime()) / 86_400_000;
  expect(Math.round(days)).toBe(90);
  const [, intermediate = ''] = chain.split(/(?<=-----END CERTIFICATE-----)\s+/);
  const root = new X509Certificate(await pebble.rootPem());
  expect(new X509Certificate(intermediate).verify(root.publicKey)).toBe(true);

  await expect(order(pebble, nginx.webroot, 'bad.example', false)).rejects.toThrow();
  await pebble.stop();
  await nginx.stop();
});
