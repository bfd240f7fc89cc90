import { randomUUID } from 'node:crypto';
import { createLogger, Lifecycle, loadConfig } from '@viw/runtime';
import { scratch } from './scratch';
import { buildAgent } from '../src/agent';
import { configSource, isComplete } from '../src/config';
import { sharedSecret } from './hub';
import type { TestHub } from './hub';
import { helperSecret } from './scripted-helper';
import type { TestBackend } from './backend';

export interface InProcessAgent {
  readonly agentId: string;
  readonly lines: readonly string[];
  /** Exit status that the agent has asked for. */
  readonly exits: number[];
  stop(): Promise<void>;
}

export interface AgentSurroundings {
  readonly hub: TestHub;
  readonly backend: TestBackend;
  readonly helperSocket: string;
  readonly agentId?: string;
  readonly env?: Record<string, string>;
}

export const agentEnv = (
  { hub, backend, helperSocket, env }: AgentSurroundings,
  agentId: string,
  stateDir: string,
) => ({
  GATEWAY_AGENT_ENABLED: 'true',
  GATEWAY_AGENT_ID: agentId,
  GATEWAY_AGENT_HUB_URL: hub.url,
  GATEWAY_AGENT_SHARED_SECRET: sharedSecret,
  GATEWAY_AGENT_SITE: 'test-site',
  GATEWAY_AGENT_HELPER_SOCKET: helperSocket,
  GATEWAY_AGENT_HELPER_SECRET: helperSecret,
  GATEWAY_AGENT_TRUSTED_KEYS: JSON.stringify({ keys: [backend.publicKey] }),
  GATEWAY_AGENT_STATE_DIR: stateDir,
  GATEWAY_AGENT_FIRST_CONNECT_SPREAD_S: '0',
  GATEWAY_AGENT_LOG_LEVEL: 'debug',
  ...env,
});

/** The agent as main.ts builds it, in the test's own process. */
export async function startAgent(surroundings: AgentSurroundings): Promise<InProcessAgent> {
  const agentId = surroundings.agentId ?? `gw-${randomUUID().slice(0, 8)}`;
  const stateDir = await scratch('agent-state');
  const env = agentEnv(surroundings, agentId, stateDir);
  const { value: config } = loadConfig({ ...configSource, env, argv: [], configDir: '/nonexistent' });
  if (!isComplete(config)) throw new Error('the configuration is incomplete');
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'gateway-agent', level: 'debug' }, { destination });
  const exits: number[] = [];
  const control = { requestStop: (_reason: string, exitCode = 0) => void exits.push(exitCode) };
  const { components } = await buildAgent(config, { logger, control, version: '0.1.0' });
  const lifecycle = new Lifecycle({ components }, { logger });
  await lifecycle.start();
  return { agentId, lines, exits, stop: () => lifecycle.stop() };
}
