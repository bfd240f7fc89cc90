import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Program, startProgram } from '@viw/testing';
import { build } from 'esbuild';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One host with the shipped agent and helper as processes, and nothing configured but what an installation sets. */
export class TestHost {
  readonly #programs: Program[] = [];

  private constructor(
    /** Short: the path of a Unix socket has about 100 characters at most. */
    readonly root: string,
    private readonly bundles: Readonly<Record<'gateway-agent' | 'host-helper', string>>,
    private readonly helperSecret: string,
  ) {}

  static async bundle(): Promise<TestHost['bundles']> {
    const folder = await mkdtemp(join(tmpdir(), 'viw-enrol-bundles-'));
    const made = async (name: string): Promise<string> => {
      const outfile = join(folder, `${name}.js`);
      await build({
        entryPoints: [resolve(__dirname, `../../../apps/${name}/src/main.ts`)],
        outfile,
        bundle: true,
        platform: 'node',
        target: 'node20',
        format: 'cjs',
        logLevel: 'warning',
      });
      return outfile;
    };
    return { 'gateway-agent': await made('gateway-agent'), 'host-helper': await made('host-helper') };
  }

  static async make(bundles: TestHost['bundles']): Promise<TestHost> {
    const root = await mkdtemp(join(tmpdir(), 'viw-h-'));
    const host = new TestHost(root, bundles, randomBytes(32).toString('base64url'));
    await mkdir(host.path('scripts'), { mode: 0o755 });
    await writeFile(host.path('scripts/add_user.sh'), `#!/bin/sh\necho "$1" >> ${host.path('users')}\n`);
    await chmod(host.path('scripts/add_user.sh'), 0o755);
    return host;
  }

  path(name: string): string {
    return join(this.root, name);
  }

  /** Runs `viw-agent` with these arguments to its end. */
  agentCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return runToEnd(this.bundles['gateway-agent'], args, { ...this.#agentEnv(), ...env }, this.root);
  }

  helperCommand(args: readonly string[]): Promise<Outcome> {
    return runToEnd(this.bundles['host-helper'], args, this.#helperEnv('unknown'), this.root);
  }

  startAgent(env: Readonly<Record<string, string>> = {}): Promise<Program> {
    return this.#start('gateway-agent', { ...this.#agentEnv(), GATEWAY_AGENT_ENABLED: 'true', ...env });
  }

  startHelper(agentId: string): Promise<Program> {
    return this.#start('host-helper', this.#helperEnv(agentId));
  }

  async end(): Promise<void> {
    for (const program of this.#programs.splice(0).reverse()) await program.stop();
    await rm(this.root, { recursive: true, force: true });
  }

  async #start(name: 'gateway-agent' | 'host-helper', env: Record<string, string>): Promise<Program> {
    const program = await startProgram({
      name,
      argv: [process.execPath, this.bundles[name]],
      env,
      cwd: this.root,
      readyWhen: { line: /"event":"started"/ },
    });
    this.#programs.push(program);
    return program;
  }

  #agentEnv(): Record<string, string> {
    return {
      GATEWAY_AGENT_STATE_DIR: this.path('agent'),
      GATEWAY_AGENT_HELPER_SOCKET: this.path('h.sock'),
      GATEWAY_AGENT_HELPER_SECRET: this.helperSecret,
      GATEWAY_AGENT_FIRST_CONNECT_SPREAD_S: '0',
      GATEWAY_AGENT_TELEMETRY_INTERVAL_S: '1',
    };
  }

  #helperEnv(agentId: string): Record<string, string> {
    return {
      HOST_HELPER_ENABLED: 'true',
      HOST_HELPER_AGENT_ID: agentId,
      HOST_HELPER_SOCKET: this.path('h.sock'),
      HOST_HELPER_SECRET: this.helperSecret,
      HOST_HELPER_KEYS_DIR: this.path('helper-keys'),
      HOST_HELPER_STATE_DIR: this.path('helper'),
      HOST_HELPER_TRUSTED_KEYS_FILE: this.path('command-keys.json'),
      HOST_HELPER_SCRIPTS_ROOT: this.path('scripts'),
    };
  }
}

function runToEnd(
  bundle: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Promise<Outcome> {
  return new Promise((done) => {
    execFile(process.execPath, [bundle, ...args], { env, cwd }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      done({ code, stdout, stderr });
    });
  });
}
