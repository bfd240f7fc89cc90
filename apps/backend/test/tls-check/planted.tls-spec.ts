import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { Server, ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenerTransport } from '@viw/runtime';
import { selfSign } from '@viw/testing';
import { LIMIT_MS, faultsIn, findingsAt } from './testssl';

/** Of the throw-away certificate, and of a server of this spec, which is no product's. */
const NOT_THE_LISTENERS = ['cert_chain_of_trust', 'cert_revocation'];

let dir: string;
let pem: { cert: string; key: string };
const servers: Server[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'viw-tls-planted-'));
  const files = { certFile: join(dir, 'c.pem'), keyFile: join(dir, 'k.pem') };
  await selfSign({ names: ['localhost', '127.0.0.1'], days: 90, ...files });
  pem = { cert: await readFile(files.certFile, 'utf8'), key: await readFile(files.keyFile, 'utf8') };
});
afterAll(async () => {
  for (const server of servers) server.close();
  await rm(dir, { recursive: true });
});

async function faultsOf(transport: ServerOptions): Promise<readonly string[]> {
  const server = createServer({ ...pem, ...transport }, (_, response) => void response.end());
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `localhost:${(server.address() as AddressInfo).port}`;
  return faultsIn(await findingsAt({ address, dir, quick: true }), NOT_THE_LISTENERS).map(({ id }) => id);
}

// What the judgement of the real listener is worth: each fault that is planted here makes it red, and only that.
it.each([
  ['an old protocol', { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }, ['TLS1', 'TLS1_1']],
  [
    'suites without AEAD',
    { ciphers: `${listenerTransport.ciphers}:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA` },
    ['cipherlist_AVERAGE'],
  ],
] as const)(
  'a listener with %s is found',
  async (_, weakness, found) => {
    const faults = await faultsOf({ ...listenerTransport, ...weakness });
    expect(faults).toEqual(expect.arrayContaining([...found]));
  },
  LIMIT_MS,
);

it(
  'the same listener without them is not',
  async () => {
    expect(await faultsOf(listenerTransport)).toEqual([]);
  },
  LIMIT_MS,
);
