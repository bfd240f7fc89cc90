import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { verifyResult } from '@viw/commands';
import { eventually } from '@viw/testing';
import { TestBackend } from './backend';
import { hostStage } from './host-stage';

/** The script waits until the test lets it go on, then keeps the user: a second execution would show. */
const stage = hostStage({
  agentId: 'gw-process-test',
  addUser: (root) => `echo begun >> ${root}/begun
n=0
while [ ! -e ${root}/go ] && [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done
echo "$1" >> ${root}/users
echo "user $1 added"
`,
});

const users = (): Promise<string> => stage.read('users');
const begun = (): Promise<void> => eventually(async () => expect(await stage.read('begun')).not.toBe(''));
const letGo = (): Promise<void> => writeFile(stage.path('go'), '');

it('creates a user by a sealed and signed command, once, and proves the result', async () => {
  await letGo();
  await stage.startHelper();
  const agent = await stage.startAgent();
  await stage.hub.waitForSession();
  expect(stage.hub.all('HELLO')[0]?.supported_verbs).toContain('create_panel_user');

  const frame = await stage.createUser('alice');
  stage.hub.send(frame);
  const result = await stage.resultOf(frame);
  expect(result).toMatchObject({ status: 'success', rc: 0 });
  await verifyResult(
    stage.helperKeys.signing,
    { ...result, error: result.error ?? undefined },
    result.sig ?? '',
  );

  stage.hub.send(stage.backend.again(frame));
  await eventually(() =>
    expect(stage.hub.all('COMMAND_ACK').map(({ state }) => state)).toEqual(['received', 'duplicate']),
  );
  await eventually(() => expect(stage.hub.all('RESULT')).toHaveLength(2));
  expect(stage.hub.all('RESULT')[1]).toMatchObject({
    result_id: result.result_id,
    status: 'success',
    stdout: result.stdout,
  });
  expect(await users()).toBe('alice\n');

  const journal = await stage.read('agent-state/commands.jsonl');
  expect(journal).toContain(result.result_id);
  for (const text of [journal, agent.output(), JSON.stringify(stage.hub.all('RESULT'))]) {
    expect(text).not.toContain(stage.password);
    expect(text).not.toContain(frame.jws);
  }
});

it('survives being killed while a command runs: one effect, and the result after its restart', async () => {
  await stage.startHelper();
  const agent = await stage.startAgent();
  await stage.hub.waitForSession();
  const frame = await stage.createUser('bob');
  stage.hub.send(frame);
  await begun();
  await agent.kill('SIGKILL');
  await letGo();

  await stage.startAgent();
  await stage.hub.waitForSession(2);
  stage.hub.send(stage.backend.again(frame));
  const result = await stage.resultOf(frame);
  expect(result).toMatchObject({ status: 'success', rc: 0 });
  const journal = await stage.read('agent-state/commands.jsonl');
  expect(new Set(journal.match(/"result_id":"[^"]+"/g))).toEqual(
    new Set([`"result_id":"${result.result_id}"`]),
  );
  expect(await users()).toBe('bob\n');
  expect(await stage.read('begun')).toBe('begun\n');
});

it('says unknown when the helper is killed while a command runs, and never runs it again', async () => {
  const helper = await stage.startHelper();
  await stage.startAgent();
  await stage.hub.waitForSession();
  const frame = await stage.createUser('carol');
  stage.hub.send(frame);
  await begun();
  await helper.kill('SIGKILL');
  await stage.startHelper();
  expect(await stage.resultOf(frame)).toMatchObject({ status: 'unknown' });
  await letGo();
  stage.hub.send(stage.backend.again(frame));
  await eventually(() => expect(stage.hub.all('RESULT').length).toBeGreaterThanOrEqual(2));
  expect(stage.hub.all('RESULT').every(({ status }) => status === 'unknown')).toBe(true);
  expect(await stage.read('begun')).toBe('begun\n');
});

it('does not call failed what its helper may have done for an earlier run, when that is away as well', async () => {
  const helper = await stage.startHelper();
  const agent = await stage.startAgent();
  await stage.hub.waitForSession();
  const frame = await stage.createUser('erin');
  stage.hub.send(frame);
  await begun();
  await Promise.all([agent.kill('SIGKILL'), helper.kill('SIGKILL')]);
  await letGo();

  await stage.startAgent();
  await stage.hub.waitForSession(2);
  stage.hub.send(stage.backend.again(frame));
  expect(await stage.resultOf(frame)).toMatchObject({
    status: 'unknown',
    error: { code: 'HELPER_UNAVAILABLE' },
  });
  await eventually(async () => expect(await users()).toBe('erin\n'));
});

it('sends the result of what is at work before SIGTERM ends it with status 0', async () => {
  await stage.startHelper();
  const agent = await stage.startAgent();
  await stage.hub.waitForSession();
  const frame = await stage.createUser('dave');
  stage.hub.send(frame);
  await begun();
  agent.signal('SIGTERM');
  await eventually(() => expect(agent.output()).toContain('"event":"stopping"'));
  await letGo();
  expect(await agent.exited).toEqual({ code: 0, signal: null });
  expect(await stage.resultOf(frame)).toMatchObject({ status: 'success' });
  await eventually(() => expect(stage.hub.current.closed).toEqual({ code: 1000, reason: 'shutdown' }));
});

/** `RestartPreventExitStatus=78` of the unit: systemd does not start it again. Every other end it does. */
it.each(['close', 'refusal'] as const)(
  'ends with status 78 when it is decommissioned (by %s)',
  async (way) => {
    const agent = await stage.startAgent();
    const { socket } = await stage.hub.waitForSession();
    stage.hub.refuseWith = () => ({ code: 'DECOMMISSIONED' });
    socket.close(way === 'close' ? 4410 : 1012);
    expect(await agent.exited).toEqual({ code: 78, signal: null });
    expect(stage.hub.refusals).toEqual(way === 'close' ? [] : ['DECOMMISSIONED']);
  },
);

it('says what it lacks and exits 1; disabled it exits 0', async () => {
  const lacking = await stage.agentAlone({
    GATEWAY_AGENT_ENABLED: 'true',
    GATEWAY_AGENT_ID: `gw-${randomUUID()}`,
  });
  expect(lacking.code).toBe(1);
  expect(lacking.stdout).toContain('GATEWAY_AGENT_SHARED_SECRET');
  const disabled = await stage.agentAlone({});
  expect(disabled).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"event":"disabled"') as string,
  });
});

it('follows the backend to its next key before it looks at a command, and so does the helper, also after both have died', async () => {
  await letGo();
  const helper = await stage.startHelper();
  const agent = await stage.startAgent();
  await stage.hub.waitForSession();
  const next = await TestBackend.make();
  const policies = [await stage.backend.policy(1, [stage.backend, next]), await next.policy(2, [next])];
  const first = await stage.createUser('frieda', next);
  // One right behind the other: the command must not overtake what makes it credible.
  stage.hub.send({ type: 'HOST_POLICY', policies });
  stage.hub.send(first);
  expect(await stage.resultOf(first)).toMatchObject({ status: 'success' });
  const outdated = await stage.createUser('georg');
  stage.hub.send(outdated);
  expect(await stage.resultOf(outdated)).toMatchObject({
    status: 'denied',
    error: { code: 'INVALID_SIGNATURE' },
  });

  await Promise.all([agent.kill('SIGKILL'), helper.kill('SIGKILL')]);
  await stage.startHelper();
  await stage.startAgent();
  await stage.hub.waitForSession(2);
  const second = await stage.createUser('hanna', next);
  stage.hub.send(second);
  expect(await stage.resultOf(second)).toMatchObject({ status: 'success' });
  expect(await users()).toBe('frieda\nhanna\n');
});

it('brings a freeze to a helper that was away when it came', async () => {
  await letGo();
  stage.hub.heartbeatS = 1;
  await stage.startAgent();
  await stage.hub.waitForSession();
  stage.hub.send({ type: 'HOST_POLICY', policies: [await stage.backend.policy(1, [stage.backend], true)] });
  const helper = await stage.startHelper();
  await eventually(() => expect(helper.output()).toContain('"event":"host_policy_adopted"'), {
    timeoutMs: 30_000,
  });
  const frame = await stage.createUser('ida');
  stage.hub.send(frame);
  expect(await stage.resultOf(frame)).toMatchObject({
    status: 'denied',
    error: { code: 'PERMISSION_DENIED' },
  });
  expect(await users()).toBe('');
});
