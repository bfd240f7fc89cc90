import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSignedBy } from '@viw/commands';
import { enrollRequest } from '@viw/contracts';
import type { EnrollRequest } from '@viw/contracts';
import { BackendClient } from '../src/enrollment/backend-client';
import { enroll } from '../src/enrollment/enroll';
import { enrollingKeyPath, readIdentity } from '../src/enrollment/identity-file';
import { keyOfPem, makeKeyPem, publicJwkOf } from '../src/enrollment/own-key';
import { scratch } from './scratch';

const token = `viw_enroll_${'A'.repeat(43)}`;
const answered = {
  agent_id: 'gw-1',
  hub_urls: ['wss://hub.example.org'],
  hub_pins: [],
  command_keys: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'k', x: 'A'.repeat(43) }] },
};

let dir: string;
let server: Server;
let asked: EnrollRequest[];
/** How the backend answers the n-th request, from 1. */
let answer: (attempt: number) => { status: number; body: unknown } | 'nothing';

beforeEach(async () => {
  dir = await scratch('enrolling');
  asked = [];
  answer = () => ({ status: 200, body: answered });
  server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      asked.push(enrollRequest.parse(JSON.parse(Buffer.concat(chunks).toString())));
      const given = answer(asked.length);
      if (given === 'nothing') return void request.socket.destroy();
      response.writeHead(given.status).end(JSON.stringify(given.body));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const attempt = (more: { force?: boolean } = {}) => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new BackendClient({ url });
  return enroll(
    { stateDir: dir, token, backend: { url }, helperKeys: undefined, force: false, ...more },
    { client },
  );
};

it('keeps the key that it has proven to hold, with what it was told', async () => {
  await attempt();
  const [request] = asked as [EnrollRequest];
  const { proof, ...signed } = request;
  expect(isSignedBy(request.public_keys.agent, 'viw-enroll', signed, proof)).toBe(true);
  const identity = readIdentity(dir);
  const key = keyOfPem(identity?.private_key ?? '');
  expect(key && publicJwkOf(key)).toEqual(request.public_keys.agent);
  expect(identity).toMatchObject({ agent_id: 'gw-1', hub_urls: answered.hub_urls, backend_pins: [] });
  expect(await readdir(dir)).toEqual(['identity.json']);
});

it('tries again by the same key when the answer was lost', async () => {
  answer = (number) => (number === 1 ? 'nothing' : { status: 200, body: answered });
  await expect(attempt()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect((await stat(enrollingKeyPath(dir, token))).mode & 0o777).toBe(0o600);
  await attempt();
  expect(asked[1]).toEqual(asked[0]);
  expect(await readdir(dir)).toEqual(['identity.json']);
});

it('forgets the key when it was refused, and leaves an earlier identity whole', async () => {
  await attempt();
  const before = readIdentity(dir);
  answer = () => ({
    status: 403,
    body: { type: 'about:blank', title: 'no', status: 403, code: 'FORBIDDEN' },
  });
  await expect(attempt()).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  expect(asked).toHaveLength(1);
  await expect(attempt({ force: true })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(readIdentity(dir)).toEqual(before);
  expect(await readdir(dir)).toEqual(['identity.json']);
  expect(asked[1]?.public_keys.agent).not.toEqual(asked[0]?.public_keys.agent);
});

it('takes no key that somebody has left in its folder, now or at the next renewal', async () => {
  const planted = makeKeyPem();
  for (const name of ['enrolling-key.pem', 'next-key.pem']) await writeFile(join(dir, name), planted);
  await attempt();
  expect(readIdentity(dir)?.private_key).not.toBe(planted);
  expect(await readdir(dir)).not.toContain('next-key.pem');
});
