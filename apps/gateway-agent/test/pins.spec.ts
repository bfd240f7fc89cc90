import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLogger, systemClock } from '@viw/runtime';
import { eventually, selfSign } from '@viw/testing';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { HubClock } from '../src/connection/hub-clock';
import { HubConnection } from '../src/connection/hub-connection';
import { hmacIdentity } from '../src/connection/identity';
import { BackendClient } from '../src/enrollment/backend-client';
import { backendOf } from '../src/enrollment/backend-of';
import { enroll } from '../src/enrollment/enroll';
import { renewKey } from '../src/enrollment/renew-key';
import { sharedSecret } from './hub';
import { scratch } from './scratch';

const run = promisify(execFile);
let server: Server;
let ca: string;
let pin: string;
let requests: number;
/** Of the server to a request that is no upgrade. */
let answer: string;

/** As an administrator makes one, by the tools at hand. */
async function pinOf(certFile: string): Promise<string> {
  const script =
    'openssl x509 -in "$1" -pubkey -noout | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64';
  return (await run('sh', ['-c', script, 'sh', certFile])).stdout.trim();
}

beforeEach(async () => {
  const dir = await scratch('pins');
  const files = { certFile: join(dir, 'hub.pem'), keyFile: join(dir, 'hub.key') };
  await selfSign({ names: ['127.0.0.1'], ...files });
  ca = await readFile(files.certFile, 'utf8');
  pin = await pinOf(files.certFile);
  requests = 0;
  answer = '{}';
  server = createServer({ cert: ca, key: await readFile(files.keyFile) }, (_request, response) => {
    requests += 1;
    response.end(answer);
  });
  new WebSocketServer({ server }).on('connection', () => (requests += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const at = (protocol: string): string => `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`;
const otherPin = `${'A'.repeat(43)}=`;

describe('the hub’s key', () => {
  function connect(pins: string[]): HubConnection {
    const connection = new HubConnection(
      { urls: [at('wss')], ca, pins, reconnect: { baseMs: 20, capMs: 50, firstSpreadMs: 0 } },
      {
        identity: hmacIdentity('gw-1', sharedSecret),
        clock: new HubClock(),
        logger: createLogger({ service: 'test', level: 'silent' }),
      },
    );
    connection.start({ onFrame: () => undefined, onClosed: () => undefined, onDismissed: () => undefined });
    return connection;
  }

  it('is accepted when it is one of those pinned', async () => {
    const connection = connect([otherPin, pin]);
    await eventually(() => expect(connection.isOpen).toBe(true));
    await connection.stop();
  });

  it('is refused otherwise, before anything is said', async () => {
    const connection = connect([otherPin]);
    await eventually(() => expect(connection.report().last_failure?.reason).toBe('ERR_TLS_PIN_MISMATCH'));
    expect(requests).toBe(0);
    await connection.stop();
  });
});

it('what accepted the backend at enrolment accepts it at a renewal, without any setting', async () => {
  const stateDir = await scratch('ca');
  answer = JSON.stringify({
    agent_id: 'gw-1',
    hub_urls: [],
    hub_pins: [],
    command_keys: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'k', x: 'A'.repeat(43) }] },
  });
  const backend = { url: at('https'), ca, pins: [pin] };
  const token = `viw_enroll_${'A'.repeat(43)}`;
  const client = new BackendClient(backend);
  await enroll({ stateDir, token, backend, helperKeys: undefined, force: false }, { client });
  answer = JSON.stringify({ agent_id: 'gw-1', former_until: null });
  const settings = { GATEWAY_AGENT_STATE_DIR: stateDir };
  await renewKey(stateDir, { client: backendOf(settings), clock: systemClock });
  expect(requests).toBe(2);
});

describe('the backend’s key', () => {
  const post = (options: { ca?: string; pins?: string[] }) =>
    new BackendClient({ url: at('https'), ...options }).post('/agent/enroll', {}, z.object({}));

  it('is accepted when it is pinned; otherwise nothing is said, the token least of all', async () => {
    expect(await post({ ca, pins: [pin] })).toEqual({});
    requests = 0;
    await expect(post({ ca, pins: [otherPin] })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('ERR_TLS_PIN_MISMATCH') as string,
    });
    // A pin does not stand in for the chain.
    await expect(post({ pins: [pin] })).rejects.toThrow(/SELF_SIGNED/);
    expect(requests).toBe(0);
  });
});
