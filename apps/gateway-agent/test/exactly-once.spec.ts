import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { CommandFrame, X25519PublicKey } from '@viw/contracts';
import { startProgram } from '@viw/testing';
import type { Program } from '@viw/testing';
import { TestBackend } from './backend';
import { bundleApp } from './bundle';
import type { DyingPoint } from './dying-journal';
import { TestHub } from './hub';
import { agentEnv } from './in-process-agent';
import { scratch } from './scratch';
import { helperSecret } from './scripted-helper';

/** An agent killed at every step of a command, beside the shipped helper. The script counts in a file. */
const agentId = 'gw-mortal-agent';
const programs: Program[] = [];
let bundles: { agent: string; mortal: string; helper: string };
let backend: TestBackend;
let hub: TestHub;
let root: string;
let sealTo: X25519PublicKey;

beforeAll(async () => {
  bundles = {
    agent: await bundleApp('gateway-agent'),
    mortal: await bundleApp('gateway-agent', {
      './commands/command-journal': resolve(__dirname, 'dying-journal.ts'),
    }),
    helper: await bundleApp('host-helper'),
  };
  backend = await TestBackend.make();
}, 60_000);

beforeEach(async () => {
  hub = await new TestHub().start();
  root = await scratch('mortal');
  await mkdir(join(root, 'scripts'));
  const script = join(root, 'scripts/add_user.sh');
  await writeFile(script, `#!/bin/sh\necho run >> ${root}/effects\necho created\n`);
  await chmod(script, 0o755);
  await writeFile(join(root, 'keys.json'), JSON.stringify({ keys: [backend.publicKey] }));
  const env = helperEnv();
  const { stdout } = await promisify(execFile)(process.execPath, [bundles.helper, 'keys'], { env });
  sealTo = (JSON.parse(stdout) as { sealing: X25519PublicKey }).sealing;
  await start('host-helper', bundles.helper, env);
});

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
  await hub.kill();
});

const helperEnv = (): Record<string, string> => ({
  HOST_HELPER_ENABLED: 'true',
  HOST_HELPER_AGENT_ID: agentId,
  HOST_HELPER_SOCKET: join(root, 'h.sock'),
  HOST_HELPER_SECRET: helperSecret,
  HOST_HELPER_KEYS_DIR: join(root, 'helper-keys'),
  HOST_HELPER_STATE_DIR: join(root, 'helper-state'),
  HOST_HELPER_TRUSTED_KEYS_FILE: join(root, 'keys.json'),
  HOST_HELPER_SCRIPTS_ROOT: join(root, 'scripts'),
});

async function start(name: string, bundle: string, env: Record<string, string>): Promise<Program> {
  const program = await startProgram({
    name,
    argv: [process.execPath, bundle],
    env,
    cwd: root,
    readyWhen: { line: /"event":"started"/ },
  });
  programs.push(program);
  return program;
}

const startAgent = (bundle: string, env: Record<string, string> = {}): Promise<Program> => {
  const surroundings = { hub, backend, helperSocket: join(root, 'h.sock'), env };
  return start('gateway-agent', bundle, agentEnv(surroundings, agentId, join(root, 'agent-state')));
};
const resultOf = (frame: CommandFrame) =>
  hub.waitFor('RESULT', ({ correlation_id }) => correlation_id === frame.correlation_id);
const journal = (): Promise<string> => readFile(join(root, 'agent-state/commands.jsonl'), 'utf8');
const order = (): Promise<CommandFrame> =>
  backend.command({
    agentId,
    verb: 'create_panel_user',
    args: { username: 'alice', password: 'canary-Pa55word' },
    sealTo,
  });

it.each<DyingPoint>(['before-begin', 'after-begin', 'before-end', 'after-end'])(
  'killed %s: one effect, and the result comes under one id when the hub delivers again',
  async (point) => {
    const mortal = await startAgent(bundles.mortal, { DIES_AT: point });
    await hub.waitForSession();
    const frame = await order();
    hub.send(frame);
    expect(await mortal.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(hub.all('RESULT')).toEqual([]);

    await startAgent(bundles.agent);
    await hub.waitForSession(2);
    hub.send(backend.again(frame));
    expect(await resultOf(frame)).toMatchObject({ status: 'success', rc: 0, stdout: 'created\n' });
    expect(await readFile(join(root, 'effects'), 'utf8')).toBe('run\n');
    const ids = new Set((await journal()).match(/"result_id":"[^"]+"/g));
    expect(ids.size).toBe(1);
    expect(await journal()).not.toContain('canary');
    expect(await journal()).not.toContain(frame.jws);
  },
);

it('killed after its result was sent and before it was acknowledged: the same result again', async () => {
  hub.acknowledgesResults = false;
  const agent = await startAgent(bundles.agent);
  await hub.waitForSession();
  const frame = await order();
  hub.send(frame);
  const first = await resultOf(frame);
  await agent.kill('SIGKILL');

  await startAgent(bundles.agent);
  await hub.waitForSession(2);
  const before = hub.all('RESULT').length;
  hub.send(backend.again(frame));
  const again = await hub.waitFor('RESULT', (result) => hub.all('RESULT').indexOf(result) >= before);
  const { result_id, correlation_id, status, rc, stdout } = first;
  expect(again).toMatchObject({ result_id, correlation_id, status, rc, stdout });
  expect(await readFile(join(root, 'effects'), 'utf8')).toBe('run\n');
});
