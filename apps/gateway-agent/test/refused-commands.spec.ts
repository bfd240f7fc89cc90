import { randomUUID } from 'node:crypto';
import type { CommandFrame } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { agentStage } from './agent-stage';
import { TestBackend } from './backend';

const stage = agentStage();

it('tells of a forged command as an event, without what was forged', async () => {
  const forger = (await TestBackend.make()).posingAs(stage.backend);
  const forged = await forger.command({ agentId: stage.agent.agentId, verb: 'list_users' });
  stage.hub.send(forged);
  const { kind, data } = await stage.hub.waitFor('EVENT', ({ name }) => name === 'command.refused');
  expect({ kind, data }).toEqual({
    kind: 'security',
    data: { correlation_id: forged.correlation_id, verb: 'list_users', code: 'INVALID_SIGNATURE' },
  });
});

describe('what is not believed never reaches the helper', () => {
  const denied = async (frame: CommandFrame, code: string) => {
    stage.hub.send(frame);
    const result = await stage.resultOf(frame);
    expect(result).toMatchObject({ status: 'denied', rc: null, error: { code } });
    expect(stage.helper.requests).toEqual([]);
    expect(stage.acksOf(frame)).toEqual([]);
  };

  it('a signature by another key', async () => {
    const forger = await TestBackend.make();
    await denied(
      await forger.command({ agentId: stage.agent.agentId, verb: 'list_users' }),
      'INVALID_SIGNATURE',
    );
    const poser = forger.posingAs(stage.backend);
    await denied(
      await poser.command({ agentId: stage.agent.agentId, verb: 'list_users' }),
      'INVALID_SIGNATURE',
    );
  });

  it('an altered command', async () => {
    const frame = await stage.order();
    const [header, , signature] = frame.jws.split('.');
    const other = (await stage.order()).jws.split('.')[1];
    await denied({ ...frame, jws: `${header}.${other}.${signature}` }, 'INVALID_SIGNATURE');
    await denied({ ...frame, correlation_id: randomUUID(), jws: 'not a jws' }, 'INVALID_SIGNATURE');
  });

  it('an envelope that says something else than the signature', async () => {
    await denied(await stage.order({ envelope: { correlation_id: randomUUID() } }), 'INVALID_SIGNATURE');
    await denied(await stage.order({ envelope: { verb: 'delete_user' } }), 'INVALID_SIGNATURE');
  });

  it('a command for another gateway', async () => {
    await denied(
      await stage.order({ agentId: 'gw-other', envelope: { agent_id: stage.agent.agentId } }),
      'PERMISSION_DENIED',
    );
    await denied(await stage.order({ agentId: 'gw-other' }), 'PERMISSION_DENIED');
  });

  it('a verb outside the catalogue', async () => {
    await denied(await stage.order({ verb: 'run_shell' }), 'UNKNOWN_VERB');
  });

  const at = (ms: number): string => new Date(Date.now() + ms).toISOString();

  it('an envelope or a command whose time is over', async () => {
    await denied(await stage.order({ ttlS: 0 }), 'EXPIRED');
    await denied(
      await stage.order({ envelope: { issued_at: at(-125_000), expires_at: at(-66_000) } }),
      'EXPIRED',
    );
    await denied(
      await stage.order({ envelope: { issued_at: at(600_000), expires_at: at(655_000) } }),
      'EXPIRED',
    );
    await denied(await stage.order({ envelope: { expires_at: at(120_000) } }), 'SCHEMA_MISMATCH');
  });

  it('a nonce that was used before', async () => {
    const first = await stage.order();
    stage.hub.send(first);
    await stage.resultOf(first);
    stage.helper.requests.length = 0;
    await denied(await stage.order({ envelope: { nonce: first.nonce } }), 'REPLAY_DETECTED');
  });
});

it('keeps no more refusals than results, however many bad commands a hub sends', async () => {
  stage.hub.acknowledgesResults = false;
  const bad = stage.backend.again({ ...(await stage.order()), jws: 'not a jws' });
  for (let n = 0; n < 100; n++) stage.hub.send({ ...bad, correlation_id: randomUUID() });
  await eventually(() => expect(stage.hub.all('RESULT')).toHaveLength(100));
  const last = { ...bad, correlation_id: randomUUID() };
  stage.hub.send(last);
  await eventually(() => expect(stage.acksOf(last)).toEqual(['busy']));
  expect(stage.hub.all('RESULT')).toHaveLength(100);
});

it('still carries out the genuine command after a forged one under the same id', async () => {
  const correlationId = randomUUID();
  // The refusal of the forged one is still waiting when the genuine one comes.
  stage.hub.acknowledgesResults = false;
  stage.hub.send(
    await (
      await TestBackend.make()
    ).command({ agentId: stage.agent.agentId, verb: 'list_users', correlationId }),
  );
  await stage.hub.waitFor('RESULT', ({ status }) => status === 'denied');
  stage.hub.send(await stage.order({ correlationId }));
  await stage.hub.waitFor('RESULT', ({ status }) => status === 'success');
  expect(stage.helper.of(correlationId)).toHaveLength(1);
});
