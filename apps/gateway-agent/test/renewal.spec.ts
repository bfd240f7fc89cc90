import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSignedBy } from '@viw/commands';
import { renewRequest } from '@viw/contracts';
import type { RenewRequest } from '@viw/contracts';
import { createLogger, systemClock } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { BackendClient } from '../src/enrollment/backend-client';
import { identityPath, nextKeyPath, readIdentity, writeIdentity } from '../src/enrollment/identity-file';
import { keyRenewal } from '../src/enrollment/key-renewal';
import { keyOfPem, makeKeyPem, publicJwkOf } from '../src/enrollment/own-key';
import { renewKey } from '../src/enrollment/renew-key';
import { scratch } from './scratch';

let dir: string;
let server: Server;
let asked: RenewRequest[];
/** How the backend answers the n-th request, from 1. */
let answer: (attempt: number) => { status: number; body: unknown } | 'nothing';

const done = { status: 200, body: { agent_id: 'gw-1', former_until: '2026-11-22T08:00:00.000Z' } };
const refused = (status: number, code: string) => ({
  status,
  body: { type: 'about:blank', title: 'no', status, code },
});

beforeEach(async () => {
  dir = await scratch('renewal');
  asked = [];
  answer = () => done;
  server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      asked.push(renewRequest.parse(JSON.parse(Buffer.concat(chunks).toString())));
      const given = answer(asked.length);
      if (given === 'nothing') return void request.socket.destroy();
      response.writeHead(given.status).end(JSON.stringify(given.body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await enrolledAt('2026-01-01T00:00:00.000Z');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const client = () => new BackendClient({ url: url() });
const renew = () => renewKey(dir, { client: client(), clock: systemClock });
const present = () => {
  const key = keyOfPem(readIdentity(dir)?.private_key ?? '');
  if (key === undefined) throw new Error('no key');
  return publicJwkOf(key);
};

function enrolledAt(key_made_at: string): Promise<void> {
  const kid = 'k';
  return writeIdentity(dir, {
    agent_id: 'gw-1',
    private_key: makeKeyPem(),
    key_made_at,
    enrolled_at: key_made_at,
    backend_url: url(),
    backend_pins: [],
    hub_urls: ['wss://hub.example.org'],
    hub_pins: [],
    command_keys: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid, x: 'A'.repeat(43) }] },
  });
}

it('is signed by both keys, and puts the next one in the place of the present one', async () => {
  const former = present();
  expect(await renew()).toBe(done.body.former_until);
  const [request] = asked as [RenewRequest];
  const { by_current: byCurrent, by_next: byNext, ...signed } = request;
  expect(isSignedBy(former, 'viw-renew', signed, byCurrent)).toBe(true);
  expect(isSignedBy(request.next, 'viw-renew', signed, byNext)).toBe(true);
  expect(present()).toEqual(request.next);
  expect(readIdentity(dir)).toMatchObject({ agent_id: 'gw-1', hub_urls: ['wss://hub.example.org'] });
  expect(await readdir(dir)).toEqual(['identity.json']);
  expect((await stat(identityPath(dir))).mode & 0o777).toBe(0o600);
});

it('offers the same key again when the answer was lost, and keeps the present one until then', async () => {
  const former = present();
  answer = (attempt) => (attempt === 1 ? 'nothing' : done);
  await expect(renew()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(present()).toEqual(former);
  expect((await stat(nextKeyPath(dir))).mode & 0o777).toBe(0o600);
  await renew();
  expect(asked[1]?.next).toEqual(asked[0]?.next);
  expect(present()).toEqual(asked[0]?.next);
});

it('keeps its key when it is refused; a key that was revoked is not offered twice', async () => {
  const former = present();
  answer = () => refused(409, 'CONFLICT');
  await expect(renew()).rejects.toMatchObject({ code: 'CONFLICT' });
  answer = () => refused(403, 'FORBIDDEN');
  await expect(renew()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(asked[1]?.next).not.toEqual(asked[0]?.next);
  expect(present()).toEqual(former);
});

it('does not take an answer of somebody else for one', async () => {
  const former = present();
  for (const given of [
    { status: 200, body: 'hello' },
    { status: 502, body: '<html>' },
  ]) {
    answer = () => given;
    await expect(renew()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  }
  expect(present()).toEqual(former);
});

it('is not for a host that is not enrolled, nor for a damaged identity', async () => {
  await writeFile(identityPath(dir), '{"private_key":"canary"}');
  await expect(renew()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(renew()).rejects.not.toThrow(/canary/);
  dir = await scratch('not-enrolled');
  await expect(renew()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('comes by itself when the key is old enough, not before, and again after a failure', async () => {
  const DAY_MS = 86_400_000;
  answer = (attempt) => (attempt === 1 ? 'nothing' : done);
  let renewed = 0;
  const logger = createLogger({ service: 'test', level: 'silent' });
  const task = (): ReturnType<typeof keyRenewal> =>
    keyRenewal(
      { stateDir: dir, afterMs: 90 * DAY_MS, everyMs: 20 },
      { client: client(), clock: systemClock, logger, onRenewed: () => (renewed += 1), random: () => 0.5 },
    );
  const running = task();
  await running.start();
  await eventually(() => expect(renewed).toBe(1));
  await running.stop();
  expect(asked).toHaveLength(2);
  // The key is fresh now; one of 85 days is not old enough (0.95 of 90), one of 86 is.
  for (const [days, more] of [
    [85, 0],
    [86, 1],
  ] as const) {
    const text = await readFile(identityPath(dir), 'utf8');
    const made = new Date(Date.now() - days * DAY_MS).toISOString();
    await writeFile(
      identityPath(dir),
      JSON.stringify({ ...(JSON.parse(text) as object), key_made_at: made }),
    );
    const again = task();
    await again.start();
    await again.stop();
    expect(renewed).toBe(1 + more);
  }
});
