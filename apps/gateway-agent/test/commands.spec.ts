import { randomUUID } from 'node:crypto';
import type { CommandFrame } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { agentStage } from './agent-stage';
import { success } from './scripted-helper';

const stage = agentStage();

it('introduces itself, with what the helper says that the host can do', () => {
  const [hello] = stage.hub.all('HELLO');
  expect(hello).toMatchObject({
    agent_id: stage.agent.agentId,
    site: 'test-site',
    capabilities: ['telemetry', 'commands'],
    supported_verbs: ['list_users'],
    max_concurrency: 4,
  });
});

it('reports the host at once, numbered', async () => {
  const { seq, metrics } = await stage.hub.waitFor('TELEMETRY');
  expect(seq).toBe(1);
  expect(metrics.mem?.total_mb).toBeGreaterThan(0);
});

it('answers ECHO, PING and HELLO only as the protocol says, and survives ERROR', async () => {
  const correlation_id = randomUUID();
  stage.hub.send({ type: 'ECHO', correlation_id, payload: { message: 'hello' } });
  stage.hub.send({ type: 'ERROR', error: { code: 'SCHEMA_MISMATCH', msg: 'whatever' } });
  stage.hub.send({ type: 'PING' });
  await stage.hub.waitFor('PONG');
  expect(stage.hub.all('ECHO_REPLY')).toEqual([
    { type: 'ECHO_REPLY', correlation_id, payload: { message: 'hello' } },
  ]);
  expect(stage.agent.lines.join('')).toContain('"event":"hub_error"');
});

it('carries a command out once: acknowledged, handed over as signed, answered', async () => {
  const frame = await stage.order();
  stage.hub.send(frame);
  const result = await stage.resultOf(frame);
  expect(stage.acksOf(frame)).toEqual(['received']);
  expect(result).toMatchObject({
    agent_id: stage.agent.agentId,
    verb: 'list_users',
    status: 'success',
    rc: 0,
    stdout: 'done',
  });
  const [request] = stage.helper.of(frame.correlation_id);
  expect(request).toMatchObject({
    agent_id: stage.agent.agentId,
    verb: 'list_users',
    args: {},
    jws: frame.jws,
  });
});

it('answers a late repetition of a running command as a repetition, never as a refusal', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  stage.helper.answer = async () => {
    await held;
    return success;
  };
  const frame = await stage.order();
  stage.hub.send(frame);
  await eventually(() => expect(stage.acksOf(frame)).toEqual(['received']));
  const long = (ms: number): string => new Date(Date.now() - ms).toISOString();
  stage.hub.send({ ...stage.backend.again(frame), issued_at: long(180_000), expires_at: long(130_000) });
  await eventually(() => expect(stage.acksOf(frame)).toEqual(['received', 'duplicate']));
  release();
  expect(await stage.resultOf(frame)).toMatchObject({ status: 'success' });
});

it('executes once however often and however close together it is delivered', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  stage.helper.answer = async () => {
    await held;
    return success;
  };
  const frame = await stage.order();
  stage.hub.send(frame);
  stage.hub.send(stage.backend.again(frame));
  stage.hub.send(frame);
  await eventually(() => expect(stage.acksOf(frame)).toHaveLength(3));
  release();
  const result = await stage.resultOf(frame);
  expect(stage.acksOf(frame).sort()).toEqual(['duplicate', 'duplicate', 'received']);
  expect(stage.helper.of(frame.correlation_id)).toHaveLength(1);
  expect(stage.hub.all('RESULT').filter(({ result_id }) => result_id === result.result_id)).toHaveLength(1);
});

it('sends a result again until it is acknowledged: on a repeated delivery and in the next session', async () => {
  stage.hub.acknowledgesResults = false;
  const frame = await stage.order();
  stage.hub.send(frame);
  const { result_id } = await stage.resultOf(frame);
  stage.hub.send(stage.backend.again(frame));
  const copies = () =>
    stage.hub.all('RESULT').filter((result) => result.correlation_id === frame.correlation_id);
  await eventually(() => expect(copies()).toHaveLength(2));

  await stage.hub.kill();
  await stage.hub.start();
  stage.hub.acknowledgesResults = true;
  const session = await stage.hub.waitForSession(2);
  await eventually(() => expect(session.frames.some(({ type }) => type === 'RESULT')).toBe(true));
  expect(new Set(copies().map((result) => result.result_id))).toEqual(new Set([result_id]));

  await stage.hub.kill();
  await stage.hub.start();
  const third = await stage.hub.waitForSession(3);
  stage.hub.send({ type: 'PING' });
  await eventually(() => expect(third.frames.some(({ type }) => type === 'PONG')).toBe(true));
  expect(third.frames.some(({ type }) => type === 'RESULT')).toBe(false);
  expect(stage.helper.of(frame.correlation_id)).toHaveLength(1);
});

it('tells after the reconnect what ended while there was no session', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  stage.helper.answer = async () => {
    await held;
    return success;
  };
  const frame = await stage.order();
  stage.hub.send(frame);
  await eventually(() => expect(stage.helper.of(frame.correlation_id)).toHaveLength(1));
  await stage.hub.kill();
  release();
  await eventually(() => expect(stage.agent.lines.join('')).toContain('"event":"command_finished"'));
  await stage.hub.start();
  expect(await stage.resultOf(frame)).toMatchObject({ status: 'success' });
});

it('takes four at a time; the fifth is busy and may come again', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  stage.helper.answer = async () => {
    await held;
    return success;
  };
  const frames = await Promise.all(Array.from({ length: 5 }, () => stage.order()));
  for (const frame of frames.slice(0, 4)) stage.hub.send(frame);
  await eventually(() => expect(stage.helper.requests).toHaveLength(4));
  const fifth = frames[4] as CommandFrame;
  stage.hub.send(fifth);
  await eventually(() => expect(stage.acksOf(fifth)).toEqual(['busy']));
  release();
  await Promise.all(frames.slice(0, 4).map((frame) => stage.resultOf(frame)));
  stage.hub.send(stage.backend.again(fifth));
  expect(await stage.resultOf(fifth)).toMatchObject({ status: 'success' });
});

it('sees a command through that is cancelled after its begin', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  stage.helper.answer = async () => {
    await held;
    return success;
  };
  const frame = await stage.order();
  stage.hub.send(frame);
  await eventually(() => expect(stage.helper.requests).toHaveLength(1));
  stage.hub.send({ type: 'CANCEL', correlation_id: frame.correlation_id, agent_id: stage.agent.agentId });
  await eventually(() => expect(stage.agent.lines.join('')).toContain('"event":"cancel_ignored"'));
  release();
  expect(await stage.resultOf(frame)).toMatchObject({ status: 'success' });
});

it('finishes what it has begun before it stops, and takes nothing new', async () => {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  stage.helper.answer = async () => {
    await held;
    return success;
  };
  const [begun, late] = [await stage.order(), await stage.order()];
  stage.hub.send(begun);
  await eventually(() => expect(stage.helper.requests).toHaveLength(1));
  const stopped = stage.agent.stop();
  stage.hub.send(late);
  await eventually(() => expect(stage.acksOf(late)).toEqual(['busy']));
  release();
  await stopped;
  expect(await stage.resultOf(begun)).toMatchObject({ status: 'success' });
  await eventually(() => expect(stage.hub.current.closed).toEqual({ code: 1000, reason: 'shutdown' }));
});

it('asks for exit status 78 when decommissioned', async () => {
  stage.hub.current.socket.close(4410, 'decommissioned');
  await eventually(() => expect(stage.agent.exits).toEqual([78]));
});

it('logs neither secrets nor signatures', async () => {
  const frame = await stage.order();
  stage.hub.send(frame);
  await stage.resultOf(frame);
  const log = stage.agent.lines.join('');
  expect(log).toContain(frame.correlation_id);
  for (const secret of ['the shared secret', 'the secret between', frame.jws.slice(0, 40)])
    expect(log).not.toContain(secret);
});
