import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HelperClientOptions } from '@viw/commands';
import { type GatewayPublicKeys, gatewayPublicKeys } from '@viw/contracts';
import { type Secrets, bundleOf } from '@viw/programs';
import { type ProgramOptions, startProgram } from '@viw/testing';
import { writeScripts } from './effect-scripts';

/** One gateway: a helper and an agent as processes, with scripts, keys, journals and a socket of its own. */
export interface GatewayHost {
  readonly agentId: string;
  /** Folders. */
  readonly scripts: string;
  readonly helperState: string;
  readonly publicKeys: GatewayPublicKeys;
  /** How the agent reaches the helper. */
  readonly access: HelperClientOptions;
  readonly helper: ProgramOptions;
  /** @param hubUrl where it dials */
  readonly agent: (hubUrl: string) => ProgramOptions;
}

export interface HostSurroundings {
  /** Short: the path of a Unix socket has about 100 characters at most. */
  readonly root: string;
  readonly logs: string;
  readonly secrets: Secrets;
}

export async function prepareHost(
  agentId: string,
  { root, logs, secrets }: HostSurroundings,
): Promise<GatewayHost> {
  const dir = join(root, agentId);
  const scripts = join(dir, 'scripts');
  const helperState = join(dir, 'helper-state');
  const socketPath = join(root, `${agentId}.sock`);
  const access = { agentId, socketPath, secret: randomBytes(32).toString('base64url') };
  await mkdir(dir, { mode: 0o700 });
  await writeScripts(scripts);
  const trustedKeys = join(dir, 'trusted-keys.json');
  await writeFile(trustedKeys, JSON.stringify({ keys: [secrets.signing.publicKey] }), { mode: 0o600 });

  const helper = {
    name: `${agentId} helper`,
    argv: [process.execPath, bundleOf('apps/host-helper')] as const,
    cwd: dir,
    logFile: join(logs, `${agentId}-helper.log`),
    env: {
      HOST_HELPER_ENABLED: 'true',
      HOST_HELPER_AGENT_ID: agentId,
      HOST_HELPER_SOCKET: socketPath,
      HOST_HELPER_SECRET: access.secret,
      HOST_HELPER_KEYS_DIR: join(dir, 'helper-keys'),
      HOST_HELPER_STATE_DIR: helperState,
      HOST_HELPER_TRUSTED_KEYS_FILE: trustedKeys,
      HOST_HELPER_SCRIPTS_ROOT: scripts,
    },
    readyWhen: { line: /"event":"started"/ },
  };
  const agent = (hubUrl: string): ProgramOptions => ({
    name: `${agentId} agent`,
    argv: [process.execPath, bundleOf('apps/gateway-agent')],
    cwd: dir,
    logFile: join(logs, `${agentId}-agent.log`),
    env: {
      GATEWAY_AGENT_ENABLED: 'true',
      GATEWAY_AGENT_ID: agentId,
      GATEWAY_AGENT_HUB_URL: hubUrl,
      GATEWAY_AGENT_SHARED_SECRET: secrets.sharedSecret,
      GATEWAY_AGENT_HELPER_SOCKET: socketPath,
      GATEWAY_AGENT_HELPER_SECRET: access.secret,
      GATEWAY_AGENT_TRUSTED_KEYS: JSON.stringify({ keys: [secrets.signing.publicKey] }),
      GATEWAY_AGENT_STATE_DIR: join(dir, 'agent-state'),
      GATEWAY_AGENT_TELEMETRY_INTERVAL_S: '5',
      GATEWAY_AGENT_FIRST_CONNECT_SPREAD_S: '0',
    },
  });
  return { agentId, scripts, helperState, access, helper, agent, publicKeys: await makeKeys(helper) };
}

/** The helper makes its keys on the host; only the public halves leave it. */
async function makeKeys({ name, argv, cwd, env }: ProgramOptions): Promise<GatewayPublicKeys> {
  const run = await startProgram({
    name: `${name} keys`,
    argv: [...argv, 'keys'],
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
  });
  const { code } = await run.exited;
  if (code !== 0) throw new Error(`viw-host-helper keys failed (code ${String(code)}):\n${run.output()}`);
  return gatewayPublicKeys.parse(JSON.parse(run.output().trim().split('\n').at(-1) ?? ''));
}
