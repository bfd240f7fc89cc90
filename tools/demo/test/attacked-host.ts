import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CommandSigner, generateSigningKey, sealArguments, signHostPolicy } from '@viw/commands';
import type { SigningKeyPair } from '@viw/commands';
import { gatewayPublicKeys } from '@viw/contracts';
import type { GatewayPublicKeys } from '@viw/contracts';
import { startProgram } from '@viw/testing';
import type { Program } from '@viw/testing';
import { build } from 'esbuild';

export const agentId = 'gw-attacked';
export const sharedSecret = randomBytes(24).toString('base64url');

/** What is to be done by force: a panel user of the attacker's own. */
export const loot = { username: 'mallory', password: 'let-mallory-in' };

export interface OrderedCommand {
  readonly correlationId: string;
  readonly verb: string;
  readonly jws: string;
}

/** A gateway host with the shipped helper and the shipped agent. Its script counts how often it has run. */
export class AttackedHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'viw-attack-'));
  readonly socketPath = join(this.folder, 'h.sock');
  readonly helperSecret = randomBytes(24).toString('base64url');
  readonly #programs: Program[] = [];
  /** Whom the host believes, and a forger with a key pair just as good. */
  backend!: SigningKeyPair;
  forger!: SigningKeyPair;
  publicKeys!: GatewayPublicKeys;

  async prepare(): Promise<this> {
    [this.backend, this.forger] = await Promise.all([generateSigningKey(), generateSigningKey()]);
    await Promise.all(['agent-bridge', 'gateway-agent', 'host-helper'].map((app) => this.#bundle(app)));
    mkdirSync(join(this.folder, 'scripts'));
    const script = join(this.folder, 'scripts/add_user.sh');
    writeFileSync(script, `#!/bin/sh\necho "$1" >> ${this.folder}/runs\necho "user $1 added"\n`);
    chmodSync(script, 0o755);
    writeFileSync(join(this.folder, 'pinned.json'), JSON.stringify({ keys: [this.backend.publicKey] }));
    const keys = await startProgram({
      ...this.#program('host-helper', this.#helperEnv()),
      argv: this.#argv('host-helper', 'keys'),
    });
    await keys.exited;
    this.publicKeys = gatewayPublicKeys.parse(JSON.parse(keys.output()));
    return this;
  }

  /** The users that the script was run for, in order. */
  get runs(): string[] {
    try {
      return readFileSync(join(this.folder, 'runs'), 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  }

  startHelper(): Promise<Program> {
    return this.#start('host-helper', this.#helperEnv());
  }

  /** @param trusts keys that the agent believes; a stolen or careless one believes the forger's too */
  startAgent(hubUrl: string, trusts: readonly SigningKeyPair[]): Promise<Program> {
    return this.#start('gateway-agent', {
      GATEWAY_AGENT_ENABLED: 'true',
      GATEWAY_AGENT_ID: agentId,
      GATEWAY_AGENT_HUB_URL: hubUrl,
      GATEWAY_AGENT_SHARED_SECRET: sharedSecret,
      GATEWAY_AGENT_HELPER_SOCKET: this.socketPath,
      GATEWAY_AGENT_HELPER_SECRET: this.helperSecret,
      GATEWAY_AGENT_TRUSTED_KEYS: JSON.stringify({ keys: trusts.map(({ publicKey }) => publicKey) }),
      GATEWAY_AGENT_STATE_DIR: join(this.folder, `agent-${randomUUID()}`),
      GATEWAY_AGENT_FIRST_CONNECT_SPREAD_S: '0',
    });
  }

  startHub(port: number, opsPort: number, redisUrl: string): Promise<Program> {
    return this.#start(
      'agent-bridge',
      {
        AGENT_BRIDGE_ENABLED: 'true',
        AGENT_BRIDGE_HUB_ID: 'hub-attacked',
        AGENT_BRIDGE_BIND: `127.0.0.1:${port}`,
        AGENT_BRIDGE_OPS_BIND: `127.0.0.1:${opsPort}`,
        AGENT_BRIDGE_REDIS_URL: redisUrl,
        AGENT_BRIDGE_SHARED_SECRET: sharedSecret,
        // It would keep forgeries from the host, and is not what protects it.
        AGENT_BRIDGE_ENVELOPE_JWS_REQUIRED: 'false',
      },
      { url: `http://127.0.0.1:${opsPort}/internal/readyz` },
    );
  }

  /** Sealed to this host's helper and signed by whoever it is. */
  async order(
    by: SigningKeyPair,
    args: { username: string; password: string } = loot,
  ): Promise<OrderedCommand> {
    const correlationId = randomUUID();
    const sealing = this.publicKeys.sealing;
    if (sealing === undefined) throw new Error('the helper has no sealing key');
    const now = Math.floor(Date.now() / 1_000);
    const verb = 'create_panel_user';
    const jws = await new CommandSigner({ key: by.privateKey }).sign({
      corr_id: correlationId,
      verb,
      args: await sealArguments(verb, args, sealing, { correlationId, agentId }),
      actor: { id: 'admin-1', role: 'admin' },
      policy_id: 'default',
      nonce: randomUUID(),
      iat: now,
      exp: now + 60,
      agent_targets: [agentId],
    });
    return { correlationId, verb, jws };
  }

  /** Policies by which the forger's key would be trusted, none of them vouched for by the backend. */
  async usurpation(): Promise<string[]> {
    const policy = (by: SigningKeyPair, keys: readonly SigningKeyPair[]) =>
      signHostPolicy(by.privateKey, {
        v: 1,
        version: Date.now(),
        iat: 0,
        keys: keys.map(({ publicKey }) => publicKey),
        sealing_key: null,
        frozen: false,
        reason: null,
      });
    const { forger, masked } = this;
    return Promise.all([policy(forger, [forger]), policy(masked, [this.backend, forger])]);
  }

  /** The forger's key under the name of the backend's. */
  get masked(): SigningKeyPair {
    const { kid } = this.backend.publicKey;
    return { ...this.forger, privateKey: { ...this.forger.privateKey, kid } };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.splice(0).map((program) => program.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #helperEnv(): Record<string, string> {
    return {
      HOST_HELPER_ENABLED: 'true',
      HOST_HELPER_AGENT_ID: agentId,
      HOST_HELPER_SOCKET: this.socketPath,
      HOST_HELPER_SECRET: this.helperSecret,
      HOST_HELPER_KEYS_DIR: join(this.folder, 'helper-keys'),
      HOST_HELPER_STATE_DIR: join(this.folder, 'helper-state'),
      HOST_HELPER_TRUSTED_KEYS_FILE: join(this.folder, 'pinned.json'),
      HOST_HELPER_SCRIPTS_ROOT: join(this.folder, 'scripts'),
    };
  }

  #argv(app: string, ...more: string[]): [string, ...string[]] {
    return [process.execPath, join(this.folder, `${app}.js`), ...more];
  }

  #program(app: string, env: Record<string, string>) {
    return { name: app, argv: this.#argv(app), cwd: this.folder, env };
  }

  async #start(
    app: string,
    env: Record<string, string>,
    readyWhen: { line: RegExp } | { url: string } = { line: /"event":"started"/ },
  ): Promise<Program> {
    const program = await startProgram({ ...this.#program(app, env), readyWhen });
    this.#programs.push(program);
    return program;
  }

  async #bundle(app: string): Promise<void> {
    await build({
      entryPoints: [resolve(__dirname, `../../../apps/${app}/src/main.ts`)],
      outfile: join(this.folder, `${app}.js`),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      logLevel: 'error',
    });
  }
}
