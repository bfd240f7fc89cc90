import { randomUUID } from 'node:crypto';
import type { Client } from '@viw/client';
import { deadLetterStream, streams } from '@viw/contracts';
import { uuidv7 } from '@viw/runtime';
import { referenceOf } from '../src/dead-letters/reference';
import { add, audited, clearDeadLetters, setAside } from './set-aside';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
let admin: Client;

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
  admin = await backend.signIn();
}, 60_000);

afterEach(() => clearDeadLetters(around));

afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

describe('a change of a dead letter', () => {
  const copies = async (stream: string, eventId: string): Promise<number> =>
    (await around.client.xrange(stream, '-', '+')).filter(([, fields]) => fields.includes(eventId)).length;
  const planted = async (stream: string) => {
    const eventId = uuidv7();
    return { eventId, id: await setAside(around, stream, { fields: ['event_id', eventId, 'body', '{}'] }) };
  };

  it('happens once, however many ask for it at once', async () => {
    const { id, eventId } = await planted(streams.alerts);
    const asked = await Promise.allSettled(
      Array.from({ length: 6 }, (_, index) =>
        index % 2 === 0 ? admin.deadLetters.replay(id) : admin.deadLetters.discard(id),
      ),
    );
    const refused = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(refused).toHaveLength(5);
    for (const reason of refused) expect(reason).toMatchObject({ status: 404 });
    const outcomes = (await audited(around, id)).filter(({ action }) => !action.endsWith('_requested'));
    const done = outcomes.filter(({ outcome }) => outcome === 'success').map(({ action }) => action);
    expect(done).toHaveLength(1);
    expect(await copies(streams.alerts, eventId)).toBe(done[0] === 'dead_letter.replay' ? 1 : 0);
    await expect(admin.deadLetters.get(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('repeated with its idempotency key has the first answer and no second effect', async () => {
    const { id, eventId } = await planted(streams.alerts);
    const idempotencyKey = randomUUID();
    const answer = await admin.deadLetters.replay(id, { idempotencyKey });
    expect(await admin.deadLetters.replay(id, { idempotencyKey })).toEqual(answer);
    expect(await copies(streams.alerts, eventId)).toBe(1);
    expect(await audited(around, id)).toHaveLength(2);
  });

  it('that Redis refuses changes nothing, is audited as failed, and is completed by the same request again', async () => {
    const { id, eventId } = await planted(streams.alerts);
    const idempotencyKey = randomUUID();
    await around.client.config('SET', 'maxmemory', '1');
    try {
      await expect(admin.deadLetters.replay(id, { idempotencyKey })).rejects.toMatchObject({
        ...{ status: 503, retryAfterS: 2 },
      });
    } finally {
      await around.client.config('SET', 'maxmemory', '0');
    }
    expect(await copies(streams.alerts, eventId)).toBe(0);
    expect((await admin.deadLetters.get(id)).event_id).toBe(eventId);
    await admin.deadLetters.replay(id, { idempotencyKey });
    expect(await copies(streams.alerts, eventId)).toBe(1);
    expect((await audited(around, id)).map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'dead_letter.replay_requested success',
      'dead_letter.replay failure',
      'dead_letter.replay success',
    ]);
  });

  it('is not for viewers, operators and auditors, who may look', async () => {
    const { id } = await planted(streams.alerts);
    for (const role of ['viewer', 'operator', 'auditor'] as const) {
      const other = await backend.as(role);
      expect((await other.deadLetters.get(id)).id).toBe(id);
      await expect(other.deadLetters.replay(id)).rejects.toMatchObject({ status: 403 });
      await expect(other.deadLetters.discard(id)).rejects.toMatchObject({ status: 403 });
    }
    await admin.deadLetters.discard(id);
    expect((await audited(around, id)).map(({ action }) => action)).toEqual([
      'dead_letter.discard_requested',
      'dead_letter.discard',
    ]);
  });

  it('reaches nothing but dead letters', async () => {
    const target = `viw.target.${randomUUID()}`;
    const deadId = await add(around, deadLetterStream(target), ['a', 'b']);
    const live = await add(around, streams.alerts, ['a', 'b']);
    const places = [
      { stream: target, deadId },
      { stream: streams.alerts, deadId: live },
      { stream: 'viw.nothing', deadId: '1-1' },
    ];
    for (const place of places) {
      const id = referenceOf(place);
      for (const call of [admin.deadLetters.get, admin.deadLetters.replay, admin.deadLetters.discard])
        await expect(call(id)).rejects.toMatchObject({ status: 404 });
      expect(await audited(around, id)).toEqual([]);
    }
    await expect(admin.deadLetters.get('no such id!')).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect(await around.client.xlen(deadLetterStream(target))).toBe(1);
    expect(await around.client.xrange(streams.alerts, live, live)).toHaveLength(1);
  });
});
