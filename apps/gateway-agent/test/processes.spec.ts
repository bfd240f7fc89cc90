import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { verifyResult } from '@viw/commands';
import type { TrustedKey } from '@viw/commands';
import type { CommandFrame, X25519PublicKey } from '@viw/contracts';
import { eventually, startProgram } from '@viw/testing';
import type { Program } from '@viw/testing';
import { TestBackend } from './backend';
import { bundleApp } from './bundle';
import { TestHub } from './hub';
import { agentEnv } from './in-process-agent';
import { scratch } from './scratch';
import { helperSecret } from './scripted-helper';

/** The shipped agent and the shipped helper as processes, the hub played by the test. */
const run = promisify(execFile);
const agentId = 'gw-process-test';
const password = 'the canary password';

let bundles: { agent: string; helper: string };
let backend: TestBackend;
let hub: TestHub;
let root: string;
let helperKeys: { sealing: X25519PublicKey; signing: TrustedKey };
const programs: Program[] = [];

const users = (): Promise<string> => readFile(join(root, 'users'), 'utf8').catch(() => '');

/** Waits until the test lets it go on, then keeps the user: a second execution would show. */
const addUser = (folder: string): string => `#!/bin/sh
echo begun >> ${folder}/begun
n=0
while [ ! -e ${folder}/go ] && [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done
echo "$1" >> ${folder}/users
echo "user $1 added"
`;

beforeAll(async () => {
  bundles = { agent: await bundleApp('gateway-agent'), helper: await bundleApp('host-helper') };
  backend = await TestBackend.make();
}, 60_000);

beforeEach(async () => {
  hub = await new TestHub().start();
  root = await scratch('host');
  await mkdir(join(root, 'scripts'));
  await writeFile(join(root, 'scripts/add_user.sh'), addUser(root));
  await chmod(join(root, 'scripts/add_user.sh'), 0o755);
  await writeFile(join(root, 'keys.json'), JSON.stringify({ keys: [backend.publicKey] }));
  const { stdout } = await run(process.execPath, [bundles.helper, 'keys'], { env: helperEnv() });
  helperKeys = JSON.parse(stdout) as typeof helperKeys;
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

const startHelper = (): Promise<Program> => start('host-helper', bundles.helper, helperEnv());
const startAgent = (): Promise<Program> => {
  const surroundings = { hub, backend, helperSocket: join(root, 'h.sock') };
  return start('gateway-agent', bundles.agent, agentEnv(surroundings, agentId, join(root, 'agent-state')));
};

const createUser = (username: string): Promise<CommandFrame> =>
  backend.command({
    agentId,
    verb: 'create_panel_user',
    args: { username, password },
    sealTo: helperKeys.sealing,
  });
const letGo = (): Promise<void> => writeFile(join(root, 'go'), '');
const resultOf = (frame: CommandFrame) =>
  hub.waitFor('RESULT', (result) => result.correlation_id === frame.correlation_id);

it('creates a user by a sealed and signed command, once, and proves the result', async () => {
  await letGo();
  await startHelper();
  const agent = await startAgent();
  await hub.waitForSession();
  expect(hub.all('HELLO')[0]?.supported_verbs).toContain('create_panel_user');

  const frame = await createUser('alice');
  hub.send(frame);
  const result = await resultOf(frame);
  expect(result).toMatchObject({ status: 'success', rc: 0 });
  await verifyResult(helperKeys.signing, { ...result, error: result.error ?? undefined }, result.sig ?? '');

  hub.send(backend.again(frame));
  await eventually(() =>
    expect(hub.all('COMMAND_ACK').map(({ state }) => state)).toEqual(['received', 'duplicate']),
  );
  await eventually(() => expect(hub.all('RESULT')).toHaveLength(2));
  expect(hub.all('RESULT')[1]).toMatchObject({
    result_id: result.result_id,
    status: 'success',
    stdout: result.stdout,
  });
  expect(await users()).toBe('alice\n');

  const journal = await readFile(join(root, 'agent-state/commands.jsonl'), 'utf8');
  expect(journal).toContain(result.result_id);
  for (const text of [journal, agent.output(), JSON.stringify(hub.all('RESULT'))]) {
    expect(text).not.toContain(password);
    expect(text).not.toContain(frame.jws);
  }
});

it('survives being killed while a command runs: one effect, and the result after its restart', async () => {
  await startHelper();
  const agent = await startAgent();
  await hub.waitForSession();
  const frame = await createUser('bob');
  hub.send(frame);
  await eventually(() => readFile(join(root, 'begun')));
  await agent.kill('SIGKILL');
  await letGo();

  await startAgent();
  await hub.waitForSession(2);
  hub.send(backend.again(frame));
  const result = await resultOf(frame);
  expect(result).toMatchObject({ status: 'success', rc: 0 });
  const journal = await readFile(join(root, 'agent-state/commands.jsonl'), 'utf8');
  expect(new Set(journal.match(/"result_id":"[^"]+"/g))).toEqual(
    new Set([`"result_id":"${result.result_id}"`]),
  );
  expect(await users()).toBe('bob\n');
  expect(await readFile(join(root, 'begun'), 'utf8')).toBe('begun\n');
});

it('says unknown when the helper is killed while a command runs, and never runs it again', async () => {
  const helper = await startHelper();
  await startAgent();
  await hub.waitForSession();
  const frame = await createUser('carol');
  hub.send(frame);
  await eventually(() => readFile(join(root, 'begun')));
  await helper.kill('SIGKILL');
  await startHelper();
  expect(await resultOf(frame)).toMatchObject({ status: 'unknown' });
  await letGo();
  hub.send(backend.again(frame));
  await eventually(() => expect(hub.all('RESULT').length).toBeGreaterThanOrEqual(2));
  expect(hub.all('RESULT').every(({ status }) => status === 'unknown')).toBe(true);
  expect(await readFile(join(root, 'begun'), 'utf8')).toBe('begun\n');
});

it('does not call failed what its helper may have done for an earlier run, when that is away as well', async () => {
  const helper = await startHelper();
  const agent = await startAgent();
  await hub.waitForSession();
  const frame = await createUser('erin');
  hub.send(frame);
  await eventually(() => readFile(join(root, 'begun')));
  await Promise.all([agent.kill('SIGKILL'), helper.kill('SIGKILL')]);
  await letGo();

  await startAgent();
  await hub.waitForSession(2);
  hub.send(backend.again(frame));
  expect(await resultOf(frame)).toMatchObject({ status: 'unknown', error: { code: 'HELPER_UNAVAILABLE' } });
  await eventually(async () => expect(await users()).toBe('erin\n'));
});

it('sends the result of what is at work before SIGTERM ends it with status 0', async () => {
  await startHelper();
  const agent = await startAgent();
  await hub.waitForSession();
  const frame = await createUser('dave');
  hub.send(frame);
  await eventually(() => readFile(join(root, 'begun')));
  agent.signal('SIGTERM');
  await eventually(() => expect(agent.output()).toContain('"event":"stopping"'));
  await letGo();
  expect(await agent.exited).toEqual({ code: 0, signal: null });
  expect(await resultOf(frame)).toMatchObject({ status: 'success' });
  expect(hub.current.closed).toEqual({ code: 1000, reason: 'shutdown' });
});

/** `RestartPreventExitStatus=78` of the unit: systemd does not start it again. Every other end it does. */
it.each(['close', 'refusal'] as const)(
  'ends with status 78 when it is decommissioned (by %s)',
  async (way) => {
    const agent = await startAgent();
    const { socket } = await hub.waitForSession();
    hub.refuseWith = () => ({ code: 'DECOMMISSIONED' });
    socket.close(way === 'close' ? 4410 : 1012);
    expect(await agent.exited).toEqual({ code: 78, signal: null });
    expect(hub.refusals).toEqual(way === 'close' ? [] : ['DECOMMISSIONED']);
  },
);

it('says what it lacks and exits 1; disabled it exits 0', async () => {
  const outcome = async (env: Record<string, string>) =>
    run(process.execPath, [bundles.agent], { env, cwd: root }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
    );
  const lacking = await outcome({ GATEWAY_AGENT_ENABLED: 'true', GATEWAY_AGENT_ID: `gw-${randomUUID()}` });
  expect(lacking.code).toBe(1);
  expect(lacking.stdout).toContain('GATEWAY_AGENT_SHARED_SECRET');
  const disabled = await outcome({});
  expect(disabled).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"event":"disabled"') as string,
  });
});

it('follows the backend to its next key before it looks at a command, and so does the helper, also after both have died', async () => {
  await letGo();
  const helper = await startHelper();
  const agent = await startAgent();
  await hub.waitForSession();
  const next = await TestBackend.make();
  const command = (username: string, by: TestBackend) =>
    by.command({
      agentId,
      verb: 'create_panel_user',
      args: { username, password },
      sealTo: helperKeys.sealing,
    });
  const policies = [await backend.policy(1, [backend, next]), await next.policy(2, [next])];
  const first = await command('frieda', next);
  // One right behind the other: the command must not overtake what makes it credible.
  hub.send({ type: 'HOST_POLICY', policies });
  hub.send(first);
  expect(await resultOf(first)).toMatchObject({ status: 'success' });
  const outdated = await command('georg', backend);
  hub.send(outdated);
  expect(await resultOf(outdated)).toMatchObject({ status: 'denied', error: { code: 'INVALID_SIGNATURE' } });

  await Promise.all([agent.kill('SIGKILL'), helper.kill('SIGKILL')]);
  await startHelper();
  await startAgent();
  await hub.waitForSession(2);
  const second = await command('hanna', next);
  hub.send(second);
  expect(await resultOf(second)).toMatchObject({ status: 'success' });
  expect(await users()).toBe('frieda\nhanna\n');
});

it('brings a freeze to a helper that was away when it came', async () => {
  await letGo();
  hub.heartbeatS = 1;
  await startAgent();
  await hub.waitForSession();
  hub.send({ type: 'HOST_POLICY', policies: [await backend.policy(1, [backend], true)] });
  const helper = await startHelper();
  await eventually(() => expect(helper.output()).toContain('"event":"host_policy_adopted"'), {
    timeoutMs: 15_000,
  });
  const frame = await createUser('ida');
  hub.send(frame);
  expect(await resultOf(frame)).toMatchObject({ status: 'denied', error: { code: 'PERMISSION_DENIED' } });
  expect(await users()).toBe('');
});
