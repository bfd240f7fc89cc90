import { createMetrics, Gauge, OpsServer } from '@viw/runtime';
import type { Bind, Component, Logger } from '@viw/runtime';
import type { Uplink } from './session/uplink';

export interface AgentOpsOptions {
  readonly bind: Bind;
  readonly token?: string | undefined;
  readonly version: string;
}

/** Health and metrics of an agent, for whoever watches its host. */
export function agentOps(
  { bind, token, version }: AgentOpsOptions,
  deps: { uplink: Uplink; logger: Logger },
): Component {
  const { uplink, logger } = deps;
  const metrics = createMetrics('gateway-agent');
  metrics.registerMetric(
    new Gauge({
      name: 'viw_agent_connected',
      help: '1 while there is a session with the hub',
      registers: [],
      collect() {
        this.set(uplink.isOpen ? 1 : 0);
      },
    }),
  );
  const hub = async (): Promise<void> => {
    if (!uplink.isOpen) throw new Error('no session with the hub');
  };
  return new OpsServer(
    { service: 'gateway-agent', version, bind, token },
    { checks: { hub }, metrics, logger },
  );
}
