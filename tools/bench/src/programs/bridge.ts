import { randomBytes } from 'node:crypto';
import { agentWebSocketPath } from '@viw/contracts';
import { type HubTls, hubProgram } from '@viw/programs';
import { type Program, freePort, startProgram } from '@viw/testing';
import type { RedisWorld } from '../world';
import { metricSum } from './metrics';

/** Everything that a bench sets on a hub. */
export interface BridgeOptions {
  readonly hub: string;
  readonly maxConnections: number;
  /** Default: the hub's own. */
  readonly heartbeatS?: number;
  /** Without it the hub speaks plain HTTP. */
  readonly tls?: HubTls | undefined;
}

/** What all hubs and agents of one run share. */
export const sharedSecret = randomBytes(32).toString('base64url');

/** The built hub as a process of its own, with the settings and the log of production. */
export class Bridge {
  readonly url: string;
  readonly inspectorPort: number;
  readonly #start: () => Promise<Program>;
  readonly #opsUrl: string;
  #program: Program;

  private constructor(
    program: Program,
    around: { start: () => Promise<Program>; url: string; opsPort: number; inspectorPort: number },
  ) {
    this.#program = program;
    this.#start = around.start;
    this.#opsUrl = `http://127.0.0.1:${around.opsPort}`;
    this.url = around.url;
    this.inspectorPort = around.inspectorPort;
  }

  static async start(options: BridgeOptions, world: RedisWorld): Promise<Bridge> {
    const [port, opsPort, inspectorPort] = [await freePort(), await freePort(), await freePort()];
    const { hub, maxConnections, heartbeatS, tls } = options;
    const program = await hubProgram({
      name: hub,
      port,
      opsPort,
      nodeArguments: [`--inspect=127.0.0.1:${inspectorPort}`],
      redisUrl: world.redisServer.url,
      sharedSecret,
      maxConnections,
      heartbeatS,
      tls,
      logs: world.dir,
    });
    const start = (): Promise<Program> => startProgram(program);
    const url = `${tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${port}${agentWebSocketPath}`;
    const bridge = new Bridge(await start(), { start, url, opsPort, inspectorPort });
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
