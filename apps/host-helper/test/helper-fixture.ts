import { randomBytes, randomUUID } from 'node:crypto';
import { build } from 'esbuild';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  CommandSigner,
  encodeHelperMessage,
  generateSigningKey,
  HelperClient,
  HelperMessageReader,
  helperRequestMac,
  sealArguments,
} from '@viw/commands';
import type { SigningKeyPair, TrustedKey } from '@viw/commands';
import { helperReply } from '@viw/contracts';
import type { CommandClaims, HelperReply, HelperRequest, X25519PublicKey } from '@viw/contracts';
import { startProgram } from '@viw/testing';
import type { Program } from '@viw/testing';

export const agentId = 'gw-test-1';
const demoScripts = resolve(__dirname, '../../../tools/demo/scripts-viworks');

export interface SignedCommand {
  readonly verb: string;
  readonly correlationId: string;
  readonly jws: string;
}

/** The real helper, bundled, as a process of its own, with its own folders and keys. */
export class HelperFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'viw-helper-'));
  readonly socketPath = join(this.folder, 'run', 'helper.sock');
  readonly scripts = join(this.folder, 'scripts');
  readonly logs = join(this.folder, 'logs');
  readonly secret = randomBytes(24).toString('hex');
  readonly client = new HelperClient({ socketPath: this.socketPath, secret: this.secret, agentId });
  readonly #bundle = join(this.folder, 'main.js');
  readonly #runs: Program[] = [];
  backend!: SigningKeyPair;
  publicKeys!: { sealing: X25519PublicKey; signing: TrustedKey };

  async prepare(): Promise<void> {
    for (const folder of [this.scripts, this.logs]) mkdirSync(folder);
    cpSync(demoScripts, this.scripts, { recursive: true, filter: (path) => !path.endsWith('/state') });
    this.backend = await generateSigningKey();
    writeFileSync(join(this.folder, 'trusted.json'), JSON.stringify({ keys: [this.backend.publicKey] }));
    writeFileSync(join(this.folder, 'secret'), `${this.secret}\n`, { mode: 0o400 });
    await build({
      entryPoints: [resolve(__dirname, '../src/main.ts')],
      outfile: this.#bundle,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      logLevel: 'error',
    });
    const keys = await startProgram({
      name: 'viw-host-helper keys',
      argv: [process.execPath, this.#bundle, 'keys'],
      env: this.#env(),
    });
    await keys.exited;
    this.publicKeys = JSON.parse(keys.output()) as typeof this.publicKeys;
  }

  get running(): Program {
    const last = this.#runs.at(-1);
    if (last === undefined) throw new Error('not started');
    return last;
  }

  /** @param how `under`: program and arguments that run the helper's own command line; `node`: arguments for Node */
  async start(
    env: Readonly<Record<string, string>> = {},
    { under = [], node = [] }: { under?: readonly string[]; node?: readonly string[] } = {},
  ): Promise<void> {
    const [first = process.execPath, ...rest] = [...under, process.execPath, ...node, this.#bundle];
    this.#runs.push(
      await startProgram({
        name: 'host-helper',
        argv: [first, ...rest],
        env: { ...this.#env(), ...env },
        readyWhen: { line: /"event":"started"/ },
      }),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.#runs.map((run) => run.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #env(): Record<string, string> {
    return {
      HOST_HELPER_ENABLED: 'true',
      HOST_HELPER_AGENT_ID: agentId,
      HOST_HELPER_SOCKET: this.socketPath,
      HOST_HELPER_SECRET_FILE: join(this.folder, 'secret'),
      HOST_HELPER_KEYS_DIR: join(this.folder, 'keys'),
      HOST_HELPER_TRUSTED_KEYS_FILE: join(this.folder, 'trusted.json'),
      HOST_HELPER_SCRIPTS_ROOT: this.scripts,
      HOST_HELPER_STATE_DIR: join(this.folder, 'state'),
      HOST_HELPER_SERVICES: 'node,no-such-service',
      HOST_HELPER_LOG_UNITS: 'openvpn',
      HOST_HELPER_LOG_DIR: this.logs,
      // Nothing but what is about this limit comes near it, on a busy machine neither.
      HOST_HELPER_TIMEOUT_MAX_S: '30',
      HOST_HELPER_LOG_LEVEL: 'debug',
    };
  }

  /** Replaces one script; its body may use $root, the scripts' folder. */
  script(name: string, body: string): void {
    const path = join(this.scripts, name);
    writeFileSync(path, `#!/bin/sh\nroot=${this.scripts}\n${body}\n`);
    chmodSync(path, 0o755);
  }

  /** As the backend does: seals, then signs. */
  async command(
    verb: string,
    args: Record<string, unknown> = {},
    {
      claims = {},
      key = this.backend,
      sealed,
    }: { claims?: Partial<CommandClaims>; key?: SigningKeyPair; sealed?: Record<string, unknown> } = {},
  ): Promise<SignedCommand> {
    const correlationId = claims.corr_id ?? randomUUID();
    const now = Math.floor(Date.now() / 1_000);
    const jws = await new CommandSigner({ key: key.privateKey }).sign({
      corr_id: correlationId,
      verb,
      args: sealed ?? (await this.seal(verb, args, correlationId)),
      actor: { id: 'admin-1', role: 'admin' },
      policy_id: 'default',
      nonce: randomUUID(),
      iat: now,
      exp: now + 60,
      agent_targets: [agentId],
      ...claims,
    });
    return { verb, correlationId, jws };
  }

  async seal(
    verb: string,
    args: Record<string, unknown>,
    correlationId: string,
  ): Promise<Record<string, unknown>> {
    return verb === 'no_such_verb'
      ? args
      : sealArguments(verb, args, this.publicKeys.sealing, { correlationId, agentId });
  }

  call(command: SignedCommand): Promise<HelperReply> {
    return this.client.call({ ...command, timeoutMs: 60_000 });
  }

  async run(verb: string, args: Record<string, unknown> = {}): Promise<HelperReply> {
    return this.call(await this.command(verb, args));
  }

  /** A request of which any part may be wrong; the MAC is right unless given. */
  request(change: Partial<HelperRequest> = {}): HelperRequest {
    const { hmac, ...rest } = {
      agent_id: agentId,
      correlation_id: randomUUID(),
      verb: 'get_service_status',
      args: {},
      issued_at: new Date().toISOString(),
      ttl_s: 30,
      nonce: randomUUID(),
      ...change,
    };
    return { ...rest, hmac: hmac ?? helperRequestMac(this.secret, rest) };
  }

  /** Sends bytes as they are and returns the first answer. */
  send(message: unknown): Promise<HelperReply> {
    return new Promise((resolveReply, reject) => {
      const socket = connect(this.socketPath);
      const reader = new HelperMessageReader();
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed without an answer')));
      socket.on('data', (chunk) => {
        const [reply] = reader.push(chunk);
        if (reply === undefined) return;
        resolveReply(helperReply.parse(reply));
        socket.destroy();
      });
      socket.write(Buffer.isBuffer(message) ? message : encodeHelperMessage(message));
    });
  }

  /** Everything that the helper has written anywhere, without the scripts' own state. */
  everythingWritten(): string {
    const state = join(this.folder, 'state');
    const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const texts = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    return [...texts, ...this.#runs.map((run) => run.output())].join('\n');
  }

  read(...path: string[]): string {
    return readFileSync(join(this.folder, ...path), 'utf8');
  }
}
