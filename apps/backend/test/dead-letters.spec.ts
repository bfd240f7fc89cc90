import { randomUUID } from 'node:crypto';
import type { Client } from '@viw/client';
import {
  commandResultsStream,
  commandsStream,
  deadLetterStream,
  hubStream,
  streams,
  telemetryStream,
} from '@viw/contracts';
import type { DeadLetterSummary } from '@viw/contracts';
import { createMetrics, uuidv7 } from '@viw/runtime';
import { DeadLetterStore, encodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import { deadLetterGauge } from '../src/dead-letters/gauge';
import { referenceOf } from '../src/dead-letters/reference';
import { add, audited, clearDeadLetters, setAside, startReader } from './set-aside';
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

/** Everything that is set aside, without looking at pages. */
const listed = async (stream?: string): Promise<DeadLetterSummary[]> =>
  (await admin.deadLetters.list({ limit: 200, ...(stream !== undefined && { stream }) })).items;

/** A result whose output holds a secret. */
const [example] = commandResultsStream.examples;
const resultWithSecret = () => {
  if (!example) throw new Error('the contract has an example');
  const stdout = JSON.stringify({ user: 'ada', password: 'planted-canary' });
  return encodeEntry(
    commandResultsStream,
    { ...example, result: { ...example.result, stdout } },
    { correlationId: randomUUID() },
  );
};

describe('an entry that a consumer has set aside', () => {
  it('is listed with why, shown without secrets, and replayed to the consumer that refused it', async () => {
    const reader = startReader(around, commandResultsStream);
    try {
      reader.refuse = 'no such command';
      const { eventId, fields } = resultWithSecret();
      const entryId = await add(around, streams.commandResults, fields);
      const found = await eventually(async () => {
        const item = (await listed(streams.commandResults)).find((each) => each.event_id === eventId);
        expect(item).toBeDefined();
        return item as DeadLetterSummary;
      });
      expect(found).toMatchObject({
        ...{ stream: streams.commandResults, contract: streams.commandResults, entry_id: entryId },
        ...{ group: 'test', consumer: 'one', delivery_count: 1, replayable: true },
        error: { code: 'POISON', msg: 'no such command' },
      });
      expect(Math.abs(Date.parse(found.set_aside_at) - Date.now())).toBeLessThan(60_000);

      const detail = await admin.deadLetters.get(found.id);
      expect(detail).toMatchObject({ ...found, decodable: true, problem: null });
      const shown = new Map(detail.fields.map(({ name, value }) => [name, value]));
      expect([...shown.keys()]).toEqual(['event_id', 'ts', 'v', 'correlation_id', 'body']);
      expect(shown.get('body')).toContain('ada');
      expect(JSON.stringify(detail)).not.toContain('planted-canary');

      reader.refuse = undefined;
      expect(await admin.deadLetters.replay(found.id)).toEqual({
        ...{ stream: streams.commandResults, event_id: eventId, decodable: true, problem: null },
      });
      await eventually(() => expect(reader.handled).toEqual([eventId]));
      expect(await listed(streams.commandResults)).toEqual([]);
      const raw = await around.client.xrange(streams.commandResults, '-', '+');
      expect(raw.filter(([, each]) => each.includes(eventId)).map(([, each]) => each)).toEqual([
        fields,
        fields,
      ]);

      const lines = await audited(around, found.id);
      expect(lines).toMatchObject([
        { action: 'dead_letter.replay_requested', outcome: 'success', actor: backend.admin.email },
        { action: 'dead_letter.replay', outcome: 'success', detail: { new_entry_id: raw.at(-1)?.[0] } },
      ]);
      expect(lines[0]?.detail).toMatchObject({ stream: streams.commandResults, event_id: eventId });
      expect(JSON.stringify(lines)).not.toContain('planted-canary');
    } finally {
      await reader.stop();
    }
  });

  it('comes back when it can never be understood, as the answer says', async () => {
    const reader = startReader(around, telemetryStream);
    try {
      const eventId = uuidv7();
      const ts = new Date().toISOString();
      await add(around, streams.telemetry, ['event_id', eventId, 'ts', ts, 'v', '99', 'body', '{}']);
      const first = await eventually(async () => {
        const [item] = await listed(streams.telemetry);
        expect(item).toMatchObject({ event_id: eventId, error: { code: 'SCHEMA_MISMATCH' } });
        return item as DeadLetterSummary;
      });
      const problem = 'v: version 1 is understood here';
      expect(await admin.deadLetters.get(first.id)).toMatchObject({ decodable: false, problem });
      expect(await admin.deadLetters.replay(first.id)).toMatchObject({ decodable: false, problem });
      const again = await eventually(async () => {
        const items = await listed(streams.telemetry);
        expect(items).toMatchObject([{ event_id: eventId }]);
        expect(items[0]?.id).not.toBe(first.id);
        return items[0] as DeadLetterSummary;
      });
      await admin.deadLetters.discard(again.id);
      expect(await listed(streams.telemetry)).toEqual([]);
      expect(reader.handled).toEqual([]);
    } finally {
      await reader.stop();
    }
  });

  it('is found in the stream of a hub too, and counted under its contract', async () => {
    const stream = hubStream(`hub-${randomUUID()}`);
    const reader = startReader(around, commandsStream, stream);
    try {
      await add(around, stream, ['nonsense', '1']);
      const found = await eventually(async () => {
        const item = (await listed()).find((each) => each.stream === stream);
        expect(item).toBeDefined();
        return item as DeadLetterSummary;
      });
      expect(found).toMatchObject({ contract: streams.commands, event_id: null, replayable: true });
      const metrics = createMetrics('test');
      deadLetterGauge(new DeadLetterStore({ redis: around.client }), metrics);
      const text = await metrics.getSingleMetricAsString('viw_dead_letters');
      expect(text).toContain(`viw_dead_letters{stream="${streams.commands}",service="test"} 1`);
      await admin.deadLetters.discard(found.id);
      expect(await listed(stream)).toEqual([]);
    } finally {
      await reader.stop();
    }
  });
});

describe('the list', () => {
  it('has every dead letter of all streams once, newest first, whatever the size of a page', async () => {
    const expected: string[] = [];
    for (let ms = 1; ms <= 4; ms++)
      for (const stream of [streams.certEvents, streams.alerts])
        expected.unshift(await setAside(around, stream, { id: `${ms}-5` }));
    for (const limit of [1, 3, 8]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await admin.deadLetters.list({ limit, total: 'true', ...(cursor && { cursor }) });
        expect(page.total).toBe(8);
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(expected);
    }
    expect((await listed(streams.alerts)).map(({ id }) => id)).toEqual(
      expected.filter((_, index) => index % 2 === 0),
    );
    for (const id of expected) await admin.deadLetters.discard(id);
    expect(await admin.deadLetters.list({ total: 'true' })).toEqual({
      ...{ items: [], next_cursor: null, total: 0 },
    });
    await expect(admin.deadLetters.list({ cursor: 'bm90IG9uZQ' })).rejects.toMatchObject({
      ...{ code: 'VALIDATION_FAILED', errors: [{ path: 'cursor' }] },
    });
  });

  it('shows what no consumer has written, which can only be discarded', async () => {
    const deadId = await add(around, deadLetterStream(streams.alerts), ['hello', 'planted-canary']);
    const foreign = referenceOf({ stream: streams.alerts, deadId });
    // Whoever may write here must not get an administrator to put commands into their stream.
    const disguised = await setAside(around, streams.alerts, { names: streams.commands });
    const odd = await setAside(around, streams.alerts, { fields: ['event_id'] });
    const items = await listed(streams.alerts);
    expect(items.map(({ id }) => id).sort()).toEqual([foreign, disguised, odd].sort());
    const before = await around.client.xlen(streams.commands);
    for (const { id } of items) {
      expect(await admin.deadLetters.get(id)).toMatchObject({
        ...{ replayable: false, decodable: false, fields: [], error: { code: 'UNREADABLE' } },
      });
      await expect(admin.deadLetters.replay(id)).rejects.toMatchObject({ code: 'CONFLICT' });
      await admin.deadLetters.discard(id);
    }
    expect(await listed(streams.alerts)).toEqual([]);
    expect(await around.client.xlen(streams.commands)).toBe(before);
    expect(await around.client.exists(streams.alerts)).toBe(0);
  });
});

it('without Redis the answer is 503, not an empty list', async () => {
  await around.redis.kill();
  try {
    await expect(admin.deadLetters.list()).rejects.toMatchObject({ status: 503, retryAfterS: 2 });
  } finally {
    await around.redis.restart();
    // The client of the test as well: what follows every test needs it at once.
    await eventually(() => around.client.ping());
  }
  await eventually(async () => expect(await listed()).toEqual([]), { timeoutMs: 20_000 });
});
