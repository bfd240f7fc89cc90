import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TrustedKey } from '@viw/commands';
import type { CommandFrame, X25519PublicKey } from '@viw/contracts';
import { startProgram } from '@viw/testing';
import type { Program } from '@viw/testing';
import { TestBackend } from './backend';
import { bundleApp } from './bundle';
import { TestHub } from './hub';
import { agentEnv } from './in-process-agent';
import { scratch } from './scratch';
import { helperSecret } from './scripted-helper';

/** The shipped agent and the shipped helper as processes on a host of their own; the hub is played by the test. */
export class HostStage {
  readonly password = 'the canary password';
  readonly #programs: Program[] = [];
  backend!: TestBackend;
  hub!: TestHub;
  root!: string;
  helperKeys!: { sealing: X25519PublicKey; signing: TrustedKey };
  #bundles!: { agent: string; helper: string };

  constructor(
    private readonly options: {
      readonly agentId: string;
      /** Body of `add_user.sh`. @param root the host's folder */
      readonly addUser: (root: string) => string;
    },
  ) {}

  async build(): Promise<void> {
    this.#bundles = { agent: await bundleApp('gateway-agent'), helper: await bundleApp('host-helper') };
    this.backend = await TestBackend.make();
  }

  async open(): Promise<void> {
    this.hub = await new TestHub().start();
    this.root = await scratch('host');
    await mkdir(this.path('scripts'));
    await writeFile(this.path('scripts/add_user.sh'), `#!/bin/sh\n${this.options.addUser(this.root)}`);
    await chmod(this.path('scripts/add_user.sh'), 0o755);
    await writeFile(this.path('keys.json'), JSON.stringify({ keys: [this.backend.publicKey] }));
    const argv = [this.#bundles.helper, 'keys'];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env: this.#helperEnv() });
    this.helperKeys = JSON.parse(stdout) as typeof this.helperKeys;
  }

  async close(): Promise<void> {
    await Promise.all(this.#programs.splice(0).map((program) => program.stop()));
    await this.hub.kill();
  }

  path(name: string): string {
    return join(this.root, name);
  }

  /** Empty when there is no such file. */
  read(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8').catch(() => '');
  }

  startHelper(): Promise<Program> {
    return this.#start('host-helper', this.#bundles.helper, this.#helperEnv());
  }

  /** @param bundle another build of it */
  startAgent(bundle = this.#bundles.agent, env: Record<string, string> = {}): Promise<Program> {
    const { hub, backend } = this;
    const surroundings = { hub, backend, helperSocket: this.path('h.sock'), env };
    const settings = agentEnv(surroundings, this.options.agentId, this.path('agent-state'));
    return this.#start('gateway-agent', bundle, settings);
  }

  /** Runs the agent to its end, with nothing configured but this. */
  async agentAlone(env: Record<string, string>): Promise<{ code: number; stdout: string }> {
    return promisify(execFile)(process.execPath, [this.#bundles.agent], { env, cwd: this.root }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
    );
  }

  /** The command that makes the script run. */
  createUser(username: string, by = this.backend): Promise<CommandFrame> {
    return by.command({
      agentId: this.options.agentId,
      verb: 'create_panel_user',
      args: { username, password: this.password },
      sealTo: this.helperKeys.sealing,
    });
  }

  resultOf(frame: CommandFrame) {
    return this.hub.waitFor('RESULT', (result) => result.correlation_id === frame.correlation_id);
  }

  async #start(name: string, bundle: string, env: Record<string, string>): Promise<Program> {
    const program = await startProgram({
      name,
      argv: [process.execPath, bundle],
      env,
      cwd: this.root,
      readyWhen: { line: /"event":"started"/ },
    });
    this.#programs.push(program);
    return program;
  }

  #helperEnv(): Record<string, string> {
    return {
      HOST_HELPER_ENABLED: 'true',
      HOST_HELPER_AGENT_ID: this.options.agentId,
      HOST_HELPER_SOCKET: this.path('h.sock'),
      HOST_HELPER_SECRET: helperSecret,
      HOST_HELPER_KEYS_DIR: this.path('helper-keys'),
      HOST_HELPER_STATE_DIR: this.path('helper-state'),
      HOST_HELPER_TRUSTED_KEYS_FILE: this.path('keys.json'),
      HOST_HELPER_SCRIPTS_ROOT: this.path('scripts'),
    };
  }
}

export function hostStage(options: ConstructorParameters<typeof HostStage>[0]): HostStage {
  const stage = new HostStage(options);
  beforeAll(() => stage.build(), 60_000);
  beforeEach(() => stage.open());
  afterEach(() => stage.close());
  return stage;
}
