import { AppError, createLogger, loadConfigOrExit, runService } from '@viw/runtime';
import { version } from '../package.json';
import { buildAgent } from './agent';
import { isComplete, configSource } from './config';
import { agentOps } from './ops';

const { value: config } = loadConfigOrExit(configSource);
const logger = createLogger({
  service: 'gateway-agent',
  level: config.GATEWAY_AGENT_LOG_LEVEL,
  pretty: !config.GATEWAY_AGENT_LOG_JSON,
});

void runService({
  service: 'gateway-agent',
  enabled: config.GATEWAY_AGENT_ENABLED,
  logger,
  build: async (control) => {
    if (!isComplete(config)) throw new AppError('CONFIG_INVALID');
    const agentLogger = logger.child({ agent_id: config.GATEWAY_AGENT_ID });
    const { components, uplink } = await buildAgent(config, { logger: agentLogger, control, version });
    const bind = config.GATEWAY_AGENT_OPS_BIND;
    if (bind === undefined) return components;
    return [
      agentOps({ bind, token: config.GATEWAY_AGENT_OPS_TOKEN, version }, { uplink, logger }),
      ...components,
    ];
  },
});
