import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { eventually, freePort, startProgram } from '@viw/testing';
import type { Program } from '@viw/testing';
import { hubEnvironment } from './test-hub';

/** Hubs as processes of their own, so that they can be killed and frozen. */
export class HubProcesses {
  readonly #running: Program[] = [];

  private constructor(private readonly folder: string) {}

  static async bundle(entry: string): Promise<HubProcesses> {
    const folder = await mkdtemp(join(tmpdir(), 'viw-hubs-'));
    await build({
      entryPoints: [join(__dirname, entry)],
      outfile: join(folder, 'main.cjs'),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
    });
    return new HubProcesses(folder);
  }

  /** With `port` a hub that ran before comes back where its agents dial. */
  async launch(redisUrl: string, { port, ...more }: { port?: number } & Record<string, unknown> = {}) {
    const [bind, ops] = [port ?? (await freePort()), await freePort()];
    const env = hubEnvironment(redisUrl, {
      AGENT_BRIDGE_BIND: `127.0.0.1:${bind}`,
      AGENT_BRIDGE_OPS_BIND: `127.0.0.1:${ops}`,
      ...(more as Record<string, string>),
    });
    const program = await startProgram({
      name: 'agent-bridge',
      argv: [process.execPath, join(this.folder, 'main.cjs')],
      cwd: this.folder,
      env,
      stopTimeoutMs: 30_000,
    });
    this.#running.push(program);
    await eventually(
      async () => expect((await fetch(`http://127.0.0.1:${ops}/internal/readyz`)).status).toBe(200),
      { timeoutMs: 30_000 },
    );
    return { id: env['AGENT_BRIDGE_HUB_ID'] ?? '', url: `ws://127.0.0.1:${bind}`, port: bind, program };
  }

  async end(): Promise<void> {
    for (const program of this.#running) await program.kill();
    await rm(this.folder, { recursive: true });
  }
}
