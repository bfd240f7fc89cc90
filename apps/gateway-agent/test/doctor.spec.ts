import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort, selfSign } from '@viw/testing';
import { spkiPinOf } from '../src/connection/spki-pin';
import type { Check } from '../src/doctor/check';
import { bundleApp } from './bundle';
import { ScriptedHelper, helperSecret } from './scripted-helper';
import { scratch } from './scratch';

/** The scripts must be root's: made by anybody else they are rightly complained of. */
const asRoot = process.geteuid?.() === 0;
const onlyAsRoot = asRoot ? it : it.skip;

/** `viw-agent doctor` as it is shipped, on a host of which one thing at a time is made wrong. */
let bundle: string;
let root: string;
let hub: Server;
let helper: ScriptedHelper;
let env: Record<string, string>;
/** The hub's clock, milliseconds ahead of ours. */
let aheadMs: number;
let upgrades: string[];

beforeAll(async () => {
  bundle = await bundleApp('gateway-agent');
}, 60_000);

beforeEach(async () => {
  root = await scratch('doc');
  aheadMs = 0;
  upgrades = [];
  const files = { certFile: join(root, 'hub.pem'), keyFile: join(root, 'hub.key') };
  await selfSign({ names: ['127.0.0.1'], ...files });
  const cert = await readFile(files.certFile, 'utf8');
  hub = createServer({ cert, key: await readFile(files.keyFile) });
  hub.on('upgrade', (request, socket) => {
    upgrades.push(String(request.headers['x-agent-id']));
    const body = JSON.stringify({
      error: { code: 'BAD_REQUEST', msg: 'header X-Agent-Id is missing' },
      server_time: new Date(Date.now() + aheadMs).toISOString(),
    });
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  helper = await new ScriptedHelper(join(root, 'h.sock')).start();
  await mkdir(join(root, 'state'), { mode: 0o700 });
  await mkdir(join(root, 'scripts'), { mode: 0o755 });
  for (const name of ['add_user.sh', 'add_vpn_user.sh', 'delete_user.sh', 'delete_vpn_user.sh'])
    await writeFile(join(root, 'scripts', name), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(join(root, 'helper-secret'), helperSecret, { mode: 0o600 });
  await writeFile(join(root, 'shared-secret'), 'the shared secret of these tests', { mode: 0o600 });
  const key = { kty: 'OKP', crv: 'Ed25519', kid: 'k1', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  env = {
    GATEWAY_AGENT_ENABLED: 'true',
    GATEWAY_AGENT_ID: 'gw-1',
    GATEWAY_AGENT_HUB_URL: `wss://127.0.0.1:${(hub.address() as AddressInfo).port}`,
    GATEWAY_AGENT_HUB_PINS: spkiPinOf(new X509Certificate(cert).raw),
    GATEWAY_AGENT_CA_FILE: files.certFile,
    GATEWAY_AGENT_SHARED_SECRET_FILE: join(root, 'shared-secret'),
    GATEWAY_AGENT_HELPER_SOCKET: join(root, 'h.sock'),
    GATEWAY_AGENT_HELPER_SECRET_FILE: join(root, 'helper-secret'),
    GATEWAY_AGENT_TRUSTED_KEYS: JSON.stringify({ keys: [key] }),
    GATEWAY_AGENT_STATE_DIR: join(root, 'state'),
  };
});
afterEach(async () => {
  hub.closeAllConnections();
  hub.close();
  await helper.stop();
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
}
const doctor = (...args: string[]): Promise<Outcome> =>
  new Promise((done) => {
    const argv = [bundle, 'doctor', `--scripts-dir=${join(root, 'scripts')}`, ...args];
    execFile(process.execPath, argv, { env, cwd: root }, (error, stdout) =>
      done({ code: error === null ? 0 : Number(error.code), stdout }),
    );
  });

async function diagnosis(): Promise<{ code: number; failed: Check[]; all: Check[] }> {
  const { code, stdout } = await doctor('--json');
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
  expect(code).toBe(ok ? 0 : 1);
  return { code, all: checks, failed: checks.filter((check) => !check.ok) };
}

onlyAsRoot(
  'finds nothing wrong with a host on which nothing is, and does not disturb the agent that runs there',
  async () => {
    const { code, failed, all } = await diagnosis();
    expect({ code, failed }).toEqual({ code: 0, failed: [] });
    const { host } = new URL(env['GATEWAY_AGENT_HUB_URL'] ?? '');
    expect(all.map(({ name }) => name)).toEqual([
      'configuration',
      'identity',
      'state folder',
      'file GATEWAY_AGENT_SHARED_SECRET',
      'file GATEWAY_AGENT_HELPER_SECRET',
      'dns 127.0.0.1',
      `tcp ${host}`,
      `tls ${host}`,
      `pin ${host}`,
      `hub ${host}`,
      'clock',
      'helper socket',
      'helper answer',
      'scripts',
    ]);
    expect(upgrades).toEqual(['undefined']);
    const { stdout } = await doctor();
    expect(stdout).toMatch(/^ok {6}configuration: complete$/m);
  },
);

const secretFile = () => join(root, 'helper-secret');
const wrongs: [string, () => unknown, RegExp, RegExp][] = [
  [
    'a name that nobody knows',
    () => (env['GATEWAY_AGENT_HUB_URL'] = 'wss://hub.invalid'),
    /^dns hub.invalid$/,
    /resolv/,
  ],
  [
    'nobody there',
    async () => (env['GATEWAY_AGENT_HUB_URL'] = `wss://127.0.0.1:${await freePort()}`),
    /^tcp /,
    /firewall/,
  ],
  [
    'an issuer that is not known',
    () => delete env['GATEWAY_AGENT_CA_FILE'],
    /^tls /,
    /GATEWAY_AGENT_CA_FILE/,
  ],
  [
    'another name in the certificate',
    () =>
      (env['GATEWAY_AGENT_HUB_URL'] = (env['GATEWAY_AGENT_HUB_URL'] ?? '').replace('127.0.0.1', 'localhost')),
    /^tls localhost/,
    /names a host/,
  ],
  [
    'another key than the pinned one',
    () => (env['GATEWAY_AGENT_HUB_PINS'] = `${'A'.repeat(43)}=`),
    /^pin /,
    /PINS/,
  ],
  ['a clock that is wrong', () => (aheadMs = 180_000), /^clock$/, /ntp/],
  [
    'a server that is no hub',
    () => {
      hub.removeAllListeners('upgrade');
      hub.on('request', (_request, response) => response.writeHead(404).end('nothing here'));
    },
    /^hub /,
    /path|proxy/,
  ],
  ['a helper that does not run', () => helper.stop(), /^helper socket$/, /start/],
  [
    'a file in place of its socket',
    async () => {
      await helper.stop();
      await writeFile(join(root, 'h.sock'), '');
    },
    /^helper socket$/,
    /something else/,
  ],
  [
    'another secret than the helper’s',
    () => writeFile(secretFile(), 'x'.repeat(40)),
    /^helper answer$/,
    /log|differ/,
  ],
  [
    'a secret that others can read',
    () => chmod(secretFile(), 0o644),
    /^file GATEWAY_AGENT_HELPER_SECRET$/,
    /chmod 600/,
  ],
  [
    'a state folder that others can read',
    () => chmod(join(root, 'state'), 0o755),
    /^state folder$/,
    /chmod 700/,
  ],
  ['no state folder', () => rm(join(root, 'state'), { recursive: true }), /^state folder$/, /enroll/],
  [
    'a script that others can change',
    () => chmod(join(root, 'scripts/add_user.sh'), 0o777),
    /^script$/,
    /chmod 755/,
  ],
  [
    'a script that is a link',
    async () => {
      await rm(join(root, 'scripts/add_user.sh'));
      await symlink('/bin/true', join(root, 'scripts/add_user.sh'));
    },
    /^script$/,
    /link|itself/,
  ],
  ['no scripts', () => rm(join(root, 'scripts'), { recursive: true }), /^scripts folder$/, /NOT_IMPLEMENTED/],
  ['no identity', () => delete env['GATEWAY_AGENT_SHARED_SECRET_FILE'], /^(identity|configuration)$/, /./],
  ['an agent that is switched off', () => delete env['GATEWAY_AGENT_ENABLED'], /^enabled$/, /ENABLED=true/],
  ['a setting that is none', () => (env['GATEWAY_AGENT_TYPO'] = 'canary'), /^configuration$/, /correct/],
];

onlyAsRoot.each(wrongs)('%s: says so, and what to do', async (_, breakIt, name, advice) => {
  await breakIt();
  const { code, failed } = await diagnosis();
  expect(code).toBe(1);
  expect(failed.length).toBeGreaterThan(0);
  for (const check of failed) {
    expect(check.name).toMatch(name);
    expect(check.advice).toMatch(advice);
  }
  expect(JSON.stringify(failed)).not.toContain('canary');
  expect(JSON.stringify(failed)).not.toContain(helperSecret);
});

it('tells of several things at once, for people as well', async () => {
  aheadMs = -180_000;
  await chmod(secretFile(), 0o640);
  const { code, stdout } = await doctor();
  expect(code).toBe(1);
  expect(stdout).toMatch(/^FAILED {2}file GATEWAY_AGENT_HELPER_SECRET: .* has mode 0640\n {8}→ chmod 600/m);
  expect(stdout).toMatch(/^FAILED {2}clock: 1[78]\d s ahead of the hub$/m);
});
