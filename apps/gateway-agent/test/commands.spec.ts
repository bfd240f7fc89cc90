import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { CommandFrame, HelperReply } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { TestBackend } from './backend';
import { TestHub } from './hub';
import { startAgent } from './in-process-agent';
import type { InProcessAgent } from './in-process-agent';
import { scratch } from './scratch';
import { ScriptedHelper, success } from './scripted-helper';

let hub: TestHub;
let backend: TestBackend;
let helper: ScriptedHelper;
let agent: InProcessAgent;

beforeAll(async () => {
  backend = await TestBackend.make();
});
beforeEach(async () => {
  hub = await new TestHub().start();
  helper = await new ScriptedHelper(join(await scratch('helper'), 'h.sock')).start();
  agent = await startAgent({ hub, backend, helperSocket: helper.path });
  await hub.waitForSession();
});
afterEach(async () => {
  await agent.stop();
  await helper.stop();
  await hub.kill();
});

const order = (changes: Partial<Parameters<TestBackend['command']>[0]> = {}) =>
  backend.command({ agentId: agent.agentId, verb: 'list_users', ...changes });
const resultOf = (frame: CommandFrame) =>
  hub.waitFor('RESULT', (result) => result.correlation_id === frame.correlation_id);
const acksOf = (frame: CommandFrame) =>
  hub
    .all('COMMAND_ACK')
    .filter((ack) => ack.correlation_id === frame.correlation_id)
    .map(({ state }) => state);

it('introduces itself, with what the helper says that the host can do', () => {
  const [hello] = hub.all('HELLO');
  expect(hello).toMatchObject({
    agent_id: agent.agentId,
    site: 'test-site',
    capabilities: ['telemetry', 'commands'],
    supported_verbs: ['list_users'],
    max_concurrency: 4,
  });
});

it('reports the host at once, numbered', async () => {
  const { seq, metrics } = await hub.waitFor('TELEMETRY');
  expect(seq).toBe(1);
  expect(metrics.mem?.total_mb).toBeGreaterThan(0);
});

it('tells of a forged command as an event, without what was forged', async () => {
  const forger = (await TestBackend.make()).posingAs(backend);
  const forged = await forger.command({ agentId: agent.agentId, verb: 'list_users' });
  hub.send(forged);
  const { kind, data } = await hub.waitFor('EVENT', ({ name }) => name === 'command.refused');
  expect({ kind, data }).toEqual({
    kind: 'security',
    data: { correlation_id: forged.correlation_id, verb: 'list_users', code: 'INVALID_SIGNATURE' },
  });
});

it('answers ECHO, PING and HELLO only as the protocol says, and survives ERROR', async () => {
  const correlation_id = randomUUID();
  hub.send({ type: 'ECHO', correlation_id, payload: { message: 'hello' } });
  hub.send({ type: 'ERROR', error: { code: 'SCHEMA_MISMATCH', msg: 'whatever' } });
  hub.send({ type: 'PING' });
  await hub.waitFor('PONG');
  expect(hub.all('ECHO_REPLY')).toEqual([
    { type: 'ECHO_REPLY', correlation_id, payload: { message: 'hello' } },
  ]);
  expect(agent.lines.join('')).toContain('"event":"hub_error"');
});

it('carries a command out once: acknowledged, handed over as signed, answered', async () => {
  const frame = await order();
  hub.send(frame);
  const result = await resultOf(frame);
  expect(acksOf(frame)).toEqual(['received']);
  expect(result).toMatchObject({
    agent_id: agent.agentId,
    verb: 'list_users',
    status: 'success',
    rc: 0,
    stdout: 'done',
  });
  const [request] = helper.of(frame.correlation_id);
  expect(request).toMatchObject({ agent_id: agent.agentId, verb: 'list_users', args: {}, jws: frame.jws });
});

it('answers a late repetition of a running command as a repetition, never as a refusal', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  helper.answer = async () => {
    await held;
    return success;
  };
  const frame = await order();
  hub.send(frame);
  await eventually(() => expect(acksOf(frame)).toEqual(['received']));
  const long = (ms: number): string => new Date(Date.now() - ms).toISOString();
  hub.send({ ...backend.again(frame), issued_at: long(180_000), expires_at: long(130_000) });
  await eventually(() => expect(acksOf(frame)).toEqual(['received', 'duplicate']));
  release();
  expect(await resultOf(frame)).toMatchObject({ status: 'success' });
});

it('executes once however often and however close together it is delivered', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  helper.answer = async () => {
    await held;
    return success;
  };
  const frame = await order();
  hub.send(frame);
  hub.send(backend.again(frame));
  hub.send(frame);
  await eventually(() => expect(acksOf(frame)).toHaveLength(3));
  release();
  const result = await resultOf(frame);
  expect(acksOf(frame).sort()).toEqual(['duplicate', 'duplicate', 'received']);
  expect(helper.of(frame.correlation_id)).toHaveLength(1);
  expect(hub.all('RESULT').filter(({ result_id }) => result_id === result.result_id)).toHaveLength(1);
});

it('sends a result again until it is acknowledged: on a repeated delivery and in the next session', async () => {
  hub.acknowledgesResults = false;
  const frame = await order();
  hub.send(frame);
  const { result_id } = await resultOf(frame);
  hub.send(backend.again(frame));
  const copies = () => hub.all('RESULT').filter((result) => result.correlation_id === frame.correlation_id);
  await eventually(() => expect(copies()).toHaveLength(2));

  await hub.kill();
  await hub.start();
  hub.acknowledgesResults = true;
  const session = await hub.waitForSession(2);
  await eventually(() => expect(session.frames.some(({ type }) => type === 'RESULT')).toBe(true));
  expect(new Set(copies().map((result) => result.result_id))).toEqual(new Set([result_id]));

  await hub.kill();
  await hub.start();
  const third = await hub.waitForSession(3);
  hub.send({ type: 'PING' });
  await eventually(() => expect(third.frames.some(({ type }) => type === 'PONG')).toBe(true));
  expect(third.frames.some(({ type }) => type === 'RESULT')).toBe(false);
  expect(helper.of(frame.correlation_id)).toHaveLength(1);
});

it('tells after the reconnect what ended while there was no session', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  helper.answer = async () => {
    await held;
    return success;
  };
  const frame = await order();
  hub.send(frame);
  await eventually(() => expect(helper.of(frame.correlation_id)).toHaveLength(1));
  await hub.kill();
  release();
  await eventually(() => expect(agent.lines.join('')).toContain('"event":"command_finished"'));
  await hub.start();
  expect(await resultOf(frame)).toMatchObject({ status: 'success' });
});

describe('what is not believed never reaches the helper', () => {
  const denied = async (frame: CommandFrame, code: string) => {
    hub.send(frame);
    const result = await resultOf(frame);
    expect(result).toMatchObject({ status: 'denied', rc: null, error: { code } });
    expect(helper.requests).toEqual([]);
    expect(acksOf(frame)).toEqual([]);
  };

  it('a signature by another key', async () => {
    const forger = await TestBackend.make();
    await denied(await forger.command({ agentId: agent.agentId, verb: 'list_users' }), 'INVALID_SIGNATURE');
    const poser = forger.posingAs(backend);
    await denied(await poser.command({ agentId: agent.agentId, verb: 'list_users' }), 'INVALID_SIGNATURE');
  });

  it('an altered command', async () => {
    const frame = await order();
    const [header, , signature] = frame.jws.split('.');
    const other = (await order()).jws.split('.')[1];
    await denied({ ...frame, jws: `${header}.${other}.${signature}` }, 'INVALID_SIGNATURE');
    await denied({ ...frame, correlation_id: randomUUID(), jws: 'not a jws' }, 'INVALID_SIGNATURE');
  });

  it('an envelope that says something else than the signature', async () => {
    await denied(await order({ envelope: { correlation_id: randomUUID() } }), 'INVALID_SIGNATURE');
    await denied(await order({ envelope: { verb: 'delete_user' } }), 'INVALID_SIGNATURE');
  });

  it('a command for another gateway', async () => {
    await denied(
      await order({ agentId: 'gw-other', envelope: { agent_id: agent.agentId } }),
      'PERMISSION_DENIED',
    );
    await denied(await order({ agentId: 'gw-other' }), 'PERMISSION_DENIED');
  });

  it('a verb outside the catalogue', async () => {
    await denied(await order({ verb: 'run_shell' }), 'UNKNOWN_VERB');
  });

  const at = (ms: number): string => new Date(Date.now() + ms).toISOString();

  it('an envelope or a command whose time is over', async () => {
    await denied(await order({ ttlS: 0 }), 'EXPIRED');
    await denied(await order({ envelope: { issued_at: at(-125_000), expires_at: at(-66_000) } }), 'EXPIRED');
    await denied(await order({ envelope: { issued_at: at(65_000), expires_at: at(120_000) } }), 'EXPIRED');
    await denied(await order({ envelope: { expires_at: at(120_000) } }), 'SCHEMA_MISMATCH');
  });

  it('a nonce that was used before', async () => {
    const first = await order();
    hub.send(first);
    await resultOf(first);
    helper.requests.length = 0;
    await denied(await order({ envelope: { nonce: first.nonce } }), 'REPLAY_DETECTED');
  });
});

it('keeps no more refusals than results, however many bad commands a hub sends', async () => {
  hub.acknowledgesResults = false;
  const bad = backend.again({ ...(await order()), jws: 'not a jws' });
  for (let n = 0; n < 100; n++) hub.send({ ...bad, correlation_id: randomUUID() });
  await eventually(() => expect(hub.all('RESULT')).toHaveLength(100));
  const last = { ...bad, correlation_id: randomUUID() };
  hub.send(last);
  await eventually(() => expect(acksOf(last)).toEqual(['busy']));
  expect(hub.all('RESULT')).toHaveLength(100);
});

it('still carries out the genuine command after a forged one under the same id', async () => {
  const correlationId = randomUUID();
  // The refusal of the forged one is still waiting when the genuine one comes.
  hub.acknowledgesResults = false;
  hub.send(
    await (await TestBackend.make()).command({ agentId: agent.agentId, verb: 'list_users', correlationId }),
  );
  await hub.waitFor('RESULT', ({ status }) => status === 'denied');
  hub.send(await order({ correlationId }));
  await hub.waitFor('RESULT', ({ status }) => status === 'success');
  expect(helper.of(correlationId)).toHaveLength(1);
});

it('takes four at a time; the fifth is busy and may come again', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  helper.answer = async () => {
    await held;
    return success;
  };
  const frames = await Promise.all(Array.from({ length: 5 }, () => order()));
  for (const frame of frames.slice(0, 4)) hub.send(frame);
  await eventually(() => expect(helper.requests).toHaveLength(4));
  const fifth = frames[4] as CommandFrame;
  hub.send(fifth);
  await eventually(() => expect(acksOf(fifth)).toEqual(['busy']));
  release();
  await Promise.all(frames.slice(0, 4).map(resultOf));
  hub.send(backend.again(fifth));
  expect(await resultOf(fifth)).toMatchObject({ status: 'success' });
});

it('passes on what the helper denies', async () => {
  const reply: HelperReply = {
    ...success,
    status: 'denied',
    rc: null,
    stdout: '',
    error: { code: 'NOT_IMPLEMENTED', msg: 'no' },
  };
  helper.answer = async () => reply;
  const frame = await order();
  hub.send(frame);
  expect(await resultOf(frame)).toMatchObject({ status: 'denied', error: { code: 'NOT_IMPLEMENTED' } });
});

it('never has done later what the helper once denied', async () => {
  const queueFull = { code: 'QUEUE_FULL', msg: 'too many actions at once on this host' } as const;
  helper.answer = async () => ({ ...success, status: 'denied', rc: null, stdout: '', error: queueFull });
  const frame = await order();
  hub.send(frame);
  const { result_id } = await resultOf(frame);
  helper.answer = async () => success;
  const copies = () => hub.all('RESULT').filter((result) => result.correlation_id === frame.correlation_id);
  // The hub's acknowledgement of the result may still be on its way: each delivery is answered in any case.
  hub.send({ type: 'PING' });
  await hub.waitFor('PONG');
  hub.send(backend.again(frame));
  await eventually(() => expect(copies()).toHaveLength(2));
  expect(helper.of(frame.correlation_id)).toHaveLength(1);
  expect(copies()[1]).toMatchObject({ result_id, status: 'denied', error: { code: 'QUEUE_FULL' } });
});

it('says HELPER_UNAVAILABLE when nobody listens; a repeated delivery gets the same answer and has no effect either', async () => {
  await helper.stop();
  const frame = await order();
  hub.send(frame);
  const result = await resultOf(frame);
  expect(result).toMatchObject({ status: 'error', error: { code: 'HELPER_UNAVAILABLE' } });
  await eventually(() => expect(hub.current.frames.length).toBeGreaterThan(0));
  await helper.start();
  hub.send(backend.again(frame));
  await eventually(() => expect(acksOf(frame)).toEqual(['received', 'duplicate']));
  await eventually(() =>
    expect(hub.all('RESULT').filter(({ result_id }) => result_id === result.result_id)).toHaveLength(2),
  );
  expect(hub.all('RESULT').at(-1)).toMatchObject({ status: 'error', error: { code: 'HELPER_UNAVAILABLE' } });
  expect(helper.requests).toEqual([]);
});

it('asks again under the same id when the helper dies in the middle', async () => {
  let asked = 0;
  helper.answer = async (_request, socket) => {
    asked += 1;
    if (asked > 1) return success;
    socket.destroy();
    return undefined;
  };
  const frame = await order();
  hub.send(frame);
  expect(await resultOf(frame)).toMatchObject({ status: 'success' });
  expect(helper.of(frame.correlation_id).map(({ jws }) => jws)).toEqual([frame.jws, frame.jws]);
});

it('admits that it does not know when the helper never comes back', async () => {
  helper.answer = async (_request, socket) => void socket.destroy();
  const frame = await order();
  hub.send(frame);
  expect(await resultOf(frame)).toMatchObject({ status: 'unknown', error: { code: 'HELPER_UNAVAILABLE' } });
});

it('sees a command through that is cancelled after its begin', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  helper.answer = async () => {
    await held;
    return success;
  };
  const frame = await order();
  hub.send(frame);
  await eventually(() => expect(helper.requests).toHaveLength(1));
  hub.send({ type: 'CANCEL', correlation_id: frame.correlation_id, agent_id: agent.agentId });
  await eventually(() => expect(agent.lines.join('')).toContain('"event":"cancel_ignored"'));
  release();
  expect(await resultOf(frame)).toMatchObject({ status: 'success' });
});

it('finishes what it has begun before it stops, and takes nothing new', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  helper.answer = async () => {
    await held;
    return success;
  };
  const [begun, late] = [await order(), await order()];
  hub.send(begun);
  await eventually(() => expect(helper.requests).toHaveLength(1));
  const stopped = agent.stop();
  hub.send(late);
  await eventually(() => expect(acksOf(late)).toEqual(['busy']));
  release();
  await stopped;
  expect(await resultOf(begun)).toMatchObject({ status: 'success' });
  await eventually(() => expect(hub.current.closed).toEqual({ code: 1000, reason: 'shutdown' }));
});

it('asks for exit status 78 when decommissioned', async () => {
  hub.current.socket.close(4410, 'decommissioned');
  await eventually(() => expect(agent.exits).toEqual([78]));
});

it('logs neither secrets nor signatures', async () => {
  const frame = await order();
  hub.send(frame);
  await resultOf(frame);
  const log = agent.lines.join('');
  expect(log).toContain(frame.correlation_id);
  for (const secret of ['the shared secret', 'the secret between', frame.jws.slice(0, 40)])
    expect(log).not.toContain(secret);
});
