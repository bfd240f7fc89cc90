import { X509Certificate, generateKeyPairSync } from 'node:crypto';
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { verifyHandshake, verifyKeyHandshake } from '@viw/agent-auth';
import type { Ed25519PublicKey } from '@viw/contracts';
import { createLogger, loadConfig } from '@viw/runtime';
import { eventually, selfSign } from '@viw/testing';
import { WebSocketServer } from 'ws';
import { configSource, isComplete } from '../src/config';
import type { AgentConfig } from '../src/config';
import { HubClock } from '../src/connection/hub-clock';
import { HubConnection } from '../src/connection/hub-connection';
import { clientCertificateOf, identityOf } from '../src/connection/identity-files';
import { scratch } from './scratch';

let dir: string;
beforeEach(async () => {
  dir = await scratch('identity');
});

const secret = 'the shared secret of these tests';

function config(more: Record<string, string>): AgentConfig {
  const env = {
    GATEWAY_AGENT_ENABLED: 'true',
    GATEWAY_AGENT_ID: 'gw-1',
    GATEWAY_AGENT_HUB_URL: 'wss://127.0.0.1',
    ...more,
  };
  const { value } = loadConfig({ ...configSource, env, argv: [], configDir: '/nonexistent' });
  if (!isComplete(value)) throw new Error('the configuration is incomplete');
  return value;
}

const lower = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

async function keyFile(pem: string, mode = 0o600): Promise<string> {
  const path = join(dir, 'agent.key');
  await writeFile(path, pem, { mode });
  await chmod(path, mode);
  return path;
}

const pemOf = (key: ReturnType<typeof generateKeyPairSync>['privateKey']): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('its own key', () => {
  it('signs the handshake, in place of the shared secret', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const both = config({
      GATEWAY_AGENT_KEY_FILE: await keyFile(pemOf(privateKey)),
      GATEWAY_AGENT_SHARED_SECRET: secret,
    });
    const now = Date.now();
    const headers = lower(identityOf(both).headers('/agent/ws', now));
    const keyOf = () => publicKey.export({ format: 'jwk' }) as Ed25519PublicKey;
    expect(verifyKeyHandshake(headers, '/agent/ws', { keyOf, now })).toMatchObject({
      ok: true,
      agentId: 'gw-1',
    });
    const again = lower(identityOf(both).headers('/agent/ws', now));
    expect(again['x-nonce']).not.toBe(headers['x-nonce']);
  });

  it.each([
    ['that others can read', async () => keyFile(pemOf(generateKeyPairSync('ed25519').privateKey), 0o640)],
    [
      'of another kind',
      async () => keyFile(pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)),
    ],
    ['that is none', async () => keyFile('a canary')],
    ['that is not there', async () => join(dir, 'no-such-file')],
  ])('a file %s: does not start, and says which setting', async (_, path) => {
    const wrong = config({ GATEWAY_AGENT_KEY_FILE: await path() });
    expect(() => identityOf(wrong)).toThrow(/GATEWAY_AGENT_KEY_FILE/);
    expect(() => identityOf(wrong)).not.toThrow(/canary/);
  });
});

it('the shared secret is used where there is nothing better', () => {
  const now = Date.now();
  const headers = lower(
    identityOf(config({ GATEWAY_AGENT_SHARED_SECRET: secret })).headers('/agent/ws', now),
  );
  expect(verifyHandshake(headers, '/agent/ws', { secret, now })).toMatchObject({ ok: true });
  expect(() => config({})).toThrow(/GATEWAY_AGENT_KEY_FILE/);
});

describe('a client certificate', () => {
  const shown: string[] = [];
  let hub: Server;
  let ca: string;
  let names: { certFile: string; keyFile: string };

  beforeEach(async () => {
    names = { certFile: join(dir, 'agent.pem'), keyFile: join(dir, 'agent-tls.key') };
    await selfSign({ names: ['gw-1'], ...names });
    const server = { certFile: join(dir, 'hub.pem'), keyFile: join(dir, 'hub.key') };
    await selfSign({ names: ['127.0.0.1'], ...server });
    ca = await readFile(server.certFile, 'utf8');
    hub = createServer({
      cert: ca,
      key: await readFile(server.keyFile),
      requestCert: true,
      rejectUnauthorized: false,
    });
    shown.length = 0;
    const sockets = new WebSocketServer({ server: hub });
    sockets.on('connection', (socket, request) => {
      shown.push((request.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256 ?? 'none');
      expect(request.headers['x-agent-auth']).toBeUndefined();
      socket.close(1012);
    });
    await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    hub.closeAllConnections();
    hub.close();
  });

  it('is shown, the renewed one at the next connection', async () => {
    const shows = config({
      GATEWAY_AGENT_HUB_URL: `wss://127.0.0.1:${(hub.address() as AddressInfo).port}`,
      GATEWAY_AGENT_TLS_CERT_FILE: names.certFile,
      GATEWAY_AGENT_TLS_KEY_FILE: names.keyFile,
    });
    const connection = new HubConnection(
      { urls: shows.GATEWAY_AGENT_HUB_URL, ca, reconnect: { baseMs: 20, capMs: 50, firstSpreadMs: 0 } },
      {
        identity: identityOf(shows),
        certificate: clientCertificateOf(shows),
        clock: new HubClock(),
        logger: createLogger({ service: 'test', level: 'silent' }),
      },
    );
    connection.start({ onFrame: () => undefined, onClosed: () => undefined, onDismissed: () => undefined });
    const fingerprint = async () => new X509Certificate(await readFile(names.certFile)).fingerprint256;
    const first = await fingerprint();
    await eventually(() => expect(shown).toContain(first));
    const renewed = { certFile: join(dir, 'next.pem'), keyFile: join(dir, 'next.key') };
    await selfSign({ names: ['gw-1'], ...renewed });
    await copyFile(renewed.keyFile, names.keyFile);
    await copyFile(renewed.certFile, names.certFile);
    const second = await fingerprint();
    await eventually(() => expect(shown.at(-1)).toBe(second));
    await connection.stop();
  });

  it('with a key that others can read, or without TLS, is refused', async () => {
    await chmod(names.keyFile, 0o644);
    const files = {
      GATEWAY_AGENT_TLS_CERT_FILE: names.certFile,
      GATEWAY_AGENT_TLS_KEY_FILE: names.keyFile,
    };
    expect(() => clientCertificateOf(config(files))).toThrow(/GATEWAY_AGENT_TLS_KEY_FILE/);
    expect(() => config({ ...files, GATEWAY_AGENT_HUB_URL: 'ws://127.0.0.1' })).toThrow(/wss:/);
    expect(() => config({ GATEWAY_AGENT_TLS_CERT_FILE: names.certFile })).toThrow(
      /GATEWAY_AGENT_TLS_KEY_FILE/,
    );
  });
});
