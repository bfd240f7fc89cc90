import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { agentWebSocketPath } from '@viw/contracts';
import { type Program, freePort, startProgram } from '@viw/testing';
import type { RedisWorld } from '../world';
import { bundleOf } from './bundles';
import { metricSum } from './metrics';

/** Everything that a bench sets on a hub. */
export interface BridgeOptions {
  readonly hub: string;
  readonly maxConnections: number;
  /** Default: the hub's own; the same for what follows. */
  readonly heartbeatS?: number;
  readonly admitPerSecond?: number;
}

/** What all hubs and agents of one run share. */
export const sharedSecret = randomBytes(32).toString('base64url');

const environment = (
  { hub, maxConnections, heartbeatS, admitPerSecond }: BridgeOptions,
  world: RedisWorld,
) => ({
  AGENT_BRIDGE_ENABLED: 'true',
  AGENT_BRIDGE_HUB_ID: hub,
  AGENT_BRIDGE_REDIS_URL: world.redisServer.url,
  AGENT_BRIDGE_REDIS_STRICT: 'true',
  AGENT_BRIDGE_SHARED_SECRET: sharedSecret,
  AGENT_BRIDGE_MAX_CONN: String(maxConnections),
  ...(heartbeatS !== undefined && { AGENT_BRIDGE_HEARTBEAT_S: String(heartbeatS) }),
  ...(admitPerSecond !== undefined && { AGENT_BRIDGE_ADMIT_PER_SECOND: String(admitPerSecond) }),
});

/** The built hub as a process of its own, with the settings and the log of production. */
export class Bridge {
  readonly url: string;
  readonly inspectorPort: number;
  readonly #start: () => Promise<Program>;
  readonly #opsUrl: string;
  #program: Program;

  private constructor(
    program: Program,
    around: { start: () => Promise<Program>; port: number; opsPort: number; inspectorPort: number },
  ) {
    this.#program = program;
    this.#start = around.start;
    this.#opsUrl = `http://127.0.0.1:${around.opsPort}`;
    this.url = `ws://127.0.0.1:${around.port}${agentWebSocketPath}`;
    this.inspectorPort = around.inspectorPort;
  }

  static async start(options: BridgeOptions, world: RedisWorld): Promise<Bridge> {
    const [port, opsPort, inspectorPort] = [await freePort(), await freePort(), await freePort()];
    const start = (): Promise<Program> =>
      startProgram({
        name: options.hub,
        argv: [process.execPath, `--inspect=127.0.0.1:${inspectorPort}`, bundleOf('apps/agent-bridge')],
        env: {
          ...environment(options, world),
          AGENT_BRIDGE_BIND: `127.0.0.1:${port}`,
          AGENT_BRIDGE_OPS_BIND: `127.0.0.1:${opsPort}`,
        },
        logFile: join(world.dir, `${options.hub}.log`),
        readyWhen: { url: `http://127.0.0.1:${opsPort}/internal/readyz` },
      });
    const bridge = new Bridge(await start(), { start, port, opsPort, inspectorPort });
    world.undo.push(() => bridge.stop());
    return bridge;
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** Sum of a metric over its labels. */
  async metric(name: string): Promise<number> {
    const answer = await fetch(`${this.#opsUrl}/internal/metrics`);
    return metricSum(await answer.text(), name);
  }

  async kill(): Promise<void> {
    await this.#program.kill();
  }

  /** On the same ports, as the same hub. */
  async startAgain(): Promise<void> {
    this.#program = await this.#start();
  }

  async stop(): Promise<void> {
    // With thousands of sockets the goodbye takes its time, and nobody waits for it here.
    if (this.#program.running) await this.#program.kill();
  }
}
