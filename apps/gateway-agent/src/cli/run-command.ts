import { createLogger, AppError, runService } from '@viw/runtime';
import { version } from '../../package.json';
import { buildAgent } from '../agent';
import { isComplete } from '../config';
import { loadAgentConfig } from '../load-config';
import { agentOps } from '../ops';

const service = 'gateway-agent';

/** `viw-agent run`: the agent itself. Resolves when it has started; its end ends the process. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const config = configOrExit(argv);
  const logger = createLogger({
    service,
    level: config.GATEWAY_AGENT_LOG_LEVEL,
    pretty: !config.GATEWAY_AGENT_LOG_JSON,
  });
  await runService({
    service,
    enabled: config.GATEWAY_AGENT_ENABLED,
    logger,
    build: async (control) => {
      if (!isComplete(config)) throw new AppError('CONFIG_INVALID');
      const agentLogger = logger.child({ agent_id: config.GATEWAY_AGENT_ID });
      const { components, uplink } = await buildAgent(config, { logger: agentLogger, control, version });
      const bind = config.GATEWAY_AGENT_OPS_BIND;
      if (bind === undefined) return components;
      const ops = { bind, token: config.GATEWAY_AGENT_OPS_TOKEN, version };
      return [agentOps(ops, { uplink, logger }), ...components];
    },
  });
}

/** An invalid configuration is one log line naming every fault, and exit 1. */
function configOrExit(argv: readonly string[]) {
  try {
    return loadAgentConfig({ argv }).value;
  } catch (error) {
    const message = error instanceof AppError ? error.message : 'configuration cannot be loaded';
    const errors = error instanceof AppError ? error.meta.errors : undefined;
    createLogger({ service }).fatal({ event: 'config_invalid', errors }, message);
    process.exit(1);
  }
}
