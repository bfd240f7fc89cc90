import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GatewayPublicKeys, ed25519PublicKey, gatewayPublicKeys } from '@viw/contracts';
import { type Program, startProgram } from '@viw/testing';
import { type DemoLayout, bundle, checkout } from './layout';
import type { DemoSecrets } from './secrets';

/** One demo gateway: a real helper and a real agent, with scripts and users of its own. */
export interface DemoGateway {
  readonly agentId: string;
  readonly displayName: string;
  readonly site: string;
  readonly scriptsRoot: string;
  readonly dir: string;
  /** Unix socket paths are limited to about 100 characters, so sockets live apart from the rest. */
  readonly socket: string;
  readonly publicKeys: GatewayPublicKeys;
  /** The agent's own private key; without it the agent has the shared secret. */
  readonly keyFile: string | undefined;
}

export const demoGateways = [
  { agentId: 'gw-berlin-1', displayName: 'Berlin 1', site: 'berlin', ownKey: true },
  { agentId: 'gw-oslo-1', displayName: 'Oslo 1', site: 'oslo', ownKey: false },
  { agentId: 'gw-porto-1', displayName: 'Porto 1', site: 'porto', ownKey: false },
] as const;

/** Nobody runs it: any client that speaks the dialect of agents deployed before viw may connect from this machine. */
export const legacyGateway = {
  agentId: 'demo-legacy',
  displayName: 'Deployed agent',
  network: '127.0.0.0/8',
} as const;

const services = 'openvpn,fwknop,nginx';

export async function prepareGateway(
  gateway: (typeof demoGateways)[number],
  around: { layout: DemoLayout; secrets: DemoSecrets; socketDir: string },
): Promise<DemoGateway> {
  const dir = around.layout.data(`gateways/${gateway.agentId}`);
  const scriptsRoot = join(dir, 'scripts');
  const socket = join(around.socketDir, `${gateway.agentId}.sock`);
  await mkdir(join(dir, 'logs'), { recursive: true });
  await cp(join(checkout, 'tools/demo/scripts-viworks'), scriptsRoot, { recursive: true });
  await writeFile(join(dir, 'helper-secret'), randomBytes(32).toString('base64url'), { mode: 0o600 });
  await writeFile(
    join(dir, 'logs', 'openvpn.log'),
    'Initialization Sequence Completed\nMULTI: multi_init called\nIFCONFIG POOL: base=10.8.0.2 size=252\n',
  );
  const prepared = { ...gateway, dir, scriptsRoot, socket };
  const helperKeys = await publicKeys(prepared, around);
  if (!gateway.ownKey) return { ...prepared, publicKeys: helperKeys, keyFile: undefined };
  const own = await makeAgentKey(dir);
  return { ...prepared, publicKeys: { ...helperKeys, agent: own.publicKey }, keyFile: own.file };
}

/** Made on the host; its public half is registered. */
async function makeAgentKey(dir: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const file = join(dir, 'agent.key');
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { file, publicKey: ed25519PublicKey.parse(publicKey.export({ format: 'jwk' })) };
}

type Prepared = Omit<DemoGateway, 'publicKeys' | 'keyFile'>;

function helperEnvironment(gateway: Prepared, secrets: DemoSecrets): Record<string, string> {
  return {
    HOST_HELPER_ENABLED: 'true',
    HOST_HELPER_AGENT_ID: gateway.agentId,
    HOST_HELPER_SOCKET: gateway.socket,
    HOST_HELPER_SECRET_FILE: join(gateway.dir, 'helper-secret'),
    HOST_HELPER_KEYS_DIR: join(gateway.dir, 'helper-keys'),
    HOST_HELPER_STATE_DIR: join(gateway.dir, 'helper-state'),
    HOST_HELPER_TRUSTED_KEYS_FILE: secrets.files.trustedCommandKeys,
    HOST_HELPER_SCRIPTS_ROOT: gateway.scriptsRoot,
    HOST_HELPER_SERVICES: services,
    HOST_HELPER_LOG_UNITS: 'openvpn',
    HOST_HELPER_LOG_DIR: join(gateway.dir, 'logs'),
  };
}

/** The helper makes its keys on the host; only the public halves leave it. */
async function publicKeys(gateway: Prepared, around: { secrets: DemoSecrets }): Promise<GatewayPublicKeys> {
  const run = await startProgram({
    name: `${gateway.agentId} keys`,
    argv: [process.execPath, bundle('host-helper'), 'keys'],
    cwd: gateway.dir,
    env: helperEnvironment(gateway, around.secrets),
  });
  const { code } = await run.exited;
  if (code !== 0) throw new Error(`viw-host-helper keys failed (code ${String(code)}):\n${run.output()}`);
  const lines = run.output().trim().split('\n');
  return gatewayPublicKeys.parse(JSON.parse(lines.at(-1) ?? ''));
}

export function launchHelper(
  gateway: DemoGateway,
  layout: DemoLayout,
  secrets: DemoSecrets,
): Promise<Program> {
  return startProgram({
    name: `${gateway.agentId} helper`,
    argv: [process.execPath, bundle('host-helper')],
    cwd: gateway.dir,
    env: helperEnvironment(gateway, secrets),
    logFile: layout.log(`${gateway.agentId}-helper`),
    readyWhen: { line: /"event":"started"/ },
  });
}

export function launchAgent(
  gateway: DemoGateway,
  layout: DemoLayout,
  secrets: DemoSecrets,
  bridgeUrl: string,
): Promise<Program> {
  return startProgram({
    name: `${gateway.agentId} agent`,
    argv: [process.execPath, bundle('gateway-agent')],
    cwd: gateway.dir,
    env: {
      GATEWAY_AGENT_ENABLED: 'true',
      GATEWAY_AGENT_ID: gateway.agentId,
      GATEWAY_AGENT_SITE: gateway.site,
      GATEWAY_AGENT_HUB_URL: bridgeUrl,
      ...(gateway.keyFile === undefined
        ? { GATEWAY_AGENT_SHARED_SECRET_FILE: secrets.files.sharedSecret }
        : { GATEWAY_AGENT_KEY_FILE: gateway.keyFile }),
      GATEWAY_AGENT_HELPER_SOCKET: gateway.socket,
      GATEWAY_AGENT_HELPER_SECRET_FILE: join(gateway.dir, 'helper-secret'),
      GATEWAY_AGENT_TRUSTED_KEYS_FILE: secrets.files.trustedCommandKeys,
      GATEWAY_AGENT_STATE_DIR: join(gateway.dir, 'agent-state'),
      GATEWAY_AGENT_SERVICES: services,
      // A demo is watched: the field's values are 30 s and up to 10 s.
      GATEWAY_AGENT_TELEMETRY_INTERVAL_S: '5',
      GATEWAY_AGENT_FIRST_CONNECT_SPREAD_S: '0',
    },
    logFile: layout.log(`${gateway.agentId}-agent`),
  });
}
