import { resolve } from 'node:path';
import { bundleApp } from './bundle';
import type { DyingPoint } from './dying-journal';
import { hostStage } from './host-stage';

/** An agent killed at every step of a command, beside the shipped helper. The script counts in a file. */
const stage = hostStage({
  agentId: 'gw-mortal-agent',
  addUser: (root) => `echo run >> ${root}/effects\necho created\n`,
});
let mortalBundle: string;

beforeAll(async () => {
  const journal = resolve(__dirname, 'dying-journal.ts');
  mortalBundle = await bundleApp('gateway-agent', { './commands/command-journal': journal });
}, 60_000);
beforeEach(async () => {
  await stage.startHelper();
});

const journal = (): Promise<string> => stage.read('agent-state/commands.jsonl');

it.each<DyingPoint>(['before-begin', 'after-begin', 'before-end', 'after-end'])(
  'killed %s: one effect, and the result comes under one id when the hub delivers again',
  async (point) => {
    const mortal = await stage.startAgent(mortalBundle, { DIES_AT: point });
    await stage.hub.waitForSession();
    const frame = await stage.createUser('alice');
    stage.hub.send(frame);
    expect(await mortal.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(stage.hub.all('RESULT')).toEqual([]);

    await stage.startAgent();
    await stage.hub.waitForSession(2);
    stage.hub.send(stage.backend.again(frame));
    expect(await stage.resultOf(frame)).toMatchObject({ status: 'success', rc: 0, stdout: 'created\n' });
    expect(await stage.read('effects')).toBe('run\n');
    const ids = new Set((await journal()).match(/"result_id":"[^"]+"/g));
    expect(ids.size).toBe(1);
    expect(await journal()).not.toContain(stage.password);
    expect(await journal()).not.toContain(frame.jws);
  },
);

it('killed after its result was sent and before it was acknowledged: the same result again', async () => {
  stage.hub.acknowledgesResults = false;
  const agent = await stage.startAgent();
  await stage.hub.waitForSession();
  const frame = await stage.createUser('alice');
  stage.hub.send(frame);
  const first = await stage.resultOf(frame);
  await agent.kill('SIGKILL');

  await stage.startAgent();
  await stage.hub.waitForSession(2);
  const before = stage.hub.all('RESULT').length;
  stage.hub.send(stage.backend.again(frame));
  const again = await stage.hub.waitFor(
    'RESULT',
    (result) => stage.hub.all('RESULT').indexOf(result) >= before,
  );
  const { result_id, correlation_id, status, rc, stdout } = first;
  expect(again).toMatchObject({ result_id, correlation_id, status, rc, stdout });
  expect(await stage.read('effects')).toBe('run\n');
});
