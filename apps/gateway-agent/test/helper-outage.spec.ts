import type { HelperReply } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { agentStage } from './agent-stage';
import { success } from './scripted-helper';

const stage = agentStage();

it('passes on what the helper denies', async () => {
  const reply: HelperReply = {
    ...success,
    status: 'denied',
    rc: null,
    stdout: '',
    error: { code: 'NOT_IMPLEMENTED', msg: 'no' },
  };
  stage.helper.answer = async () => reply;
  const frame = await stage.order();
  stage.hub.send(frame);
  expect(await stage.resultOf(frame)).toMatchObject({ status: 'denied', error: { code: 'NOT_IMPLEMENTED' } });
});

it('never has done later what the helper once denied', async () => {
  const queueFull = { code: 'QUEUE_FULL', msg: 'too many actions at once on this host' } as const;
  stage.helper.answer = async () => ({
    ...success,
    status: 'denied',
    rc: null,
    stdout: '',
    error: queueFull,
  });
  const frame = await stage.order();
  stage.hub.send(frame);
  const { result_id } = await stage.resultOf(frame);
  stage.helper.answer = async () => success;
  const copies = () =>
    stage.hub.all('RESULT').filter((result) => result.correlation_id === frame.correlation_id);
  // The hub's acknowledgement of the result may still be on its way: each delivery is answered in any case.
  stage.hub.send({ type: 'PING' });
  await stage.hub.waitFor('PONG');
  stage.hub.send(stage.backend.again(frame));
  await eventually(() => expect(copies()).toHaveLength(2));
  expect(stage.helper.of(frame.correlation_id)).toHaveLength(1);
  expect(copies()[1]).toMatchObject({ result_id, status: 'denied', error: { code: 'QUEUE_FULL' } });
});

it('says HELPER_UNAVAILABLE when nobody listens; a repeated delivery gets the same answer and has no effect either', async () => {
  await stage.helper.stop();
  const frame = await stage.order();
  stage.hub.send(frame);
  const result = await stage.resultOf(frame);
  expect(result).toMatchObject({ status: 'error', error: { code: 'HELPER_UNAVAILABLE' } });
  await eventually(() => expect(stage.hub.current.frames.length).toBeGreaterThan(0));
  await stage.helper.start();
  stage.hub.send(stage.backend.again(frame));
  await eventually(() => expect(stage.acksOf(frame)).toEqual(['received', 'duplicate']));
  await eventually(() =>
    expect(stage.hub.all('RESULT').filter(({ result_id }) => result_id === result.result_id)).toHaveLength(2),
  );
  expect(stage.hub.all('RESULT').at(-1)).toMatchObject({
    status: 'error',
    error: { code: 'HELPER_UNAVAILABLE' },
  });
  expect(stage.helper.requests).toEqual([]);
});

it('asks again under the same id when the helper dies in the middle', async () => {
  let asked = 0;
  stage.helper.answer = async (_request, socket) => {
    asked += 1;
    if (asked > 1) return success;
    socket.destroy();
    return undefined;
  };
  const frame = await stage.order();
  stage.hub.send(frame);
  expect(await stage.resultOf(frame)).toMatchObject({ status: 'success' });
  expect(stage.helper.of(frame.correlation_id).map(({ jws }) => jws)).toEqual([frame.jws, frame.jws]);
});

it('admits that it does not know when the helper never comes back', async () => {
  stage.helper.answer = async (_request, socket) => void socket.destroy();
  const frame = await stage.order();
  stage.hub.send(frame);
  expect(await stage.resultOf(frame)).toMatchObject({
    status: 'unknown',
    error: { code: 'HELPER_UNAVAILABLE' },
  });
});
