import {
  type CommandEventsBody,
  commandEventsStream,
  deadLetterStream,
  groups,
  streams,
} from '@viw/contracts';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import { WriterStage } from './writer-stage';

const stage = new WriterStage('gw-results');
beforeAll(() => stage.start(), 90_000);
afterAll(() => stage.stop());

const report = (
  correlationId: string,
  state: CommandEventsBody['state'],
  more: Partial<CommandEventsBody> = {},
) =>
  stage.producer.publish(commandEventsStream, {
    correlation_id: correlationId,
    agent_id: stage.agentId,
    hub: 'hub-1',
    at: new Date().toISOString(),
    state,
    ...more,
  });

describe('results-writer', () => {
  it('stores a result whose program printed NUL bytes', async () => {
    const id = await stage.queuedCommand();
    const error = { code: 'INTERNAL_ERROR', msg: 'bad\0name' } as const;
    await stage.publish(stage.resultOf(id, { status: 'error', rc: 1, stdout: 'a\0b', stderr: '\0', error }));
    await eventually(async () => expect((await stage.statusOf(id))?.status).toBe('failed'));
    expect((await stage.storedResults(id)).map(({ stdout }) => stdout)).toEqual(['a\ufffdb']);
  });

  it('follows a command from dispatch to its end', async () => {
    const id = await stage.queuedCommand();
    await report(id, 'dispatched');
    await eventually(async () => expect((await stage.statusOf(id))?.status).toBe('dispatched'));
    await report(id, 'acknowledged');
    await eventually(async () => expect((await stage.statusOf(id))?.status).toBe('acknowledged'));
    await stage.publish(stage.resultOf(id));
    await eventually(async () => expect((await stage.statusOf(id))?.status).toBe('succeeded'));
    expect(await stage.storedResults(id)).toEqual([{ stdout: 'created', late: false }]);
  });

  it('stores a result once, however often it comes, and never leaves an end again', async () => {
    const id = await stage.queuedCommand();
    const body = stage.resultOf(id);
    await stage.publish(body);
    await stage.publish(body);
    await stage.publish(stage.resultOf(id, { status: 'error', stdout: 'second' }));
    await report(id, 'dispatched');
    await eventually(async () => expect(await stage.storedResults(id)).toHaveLength(2));
    expect(await stage.storedResults(id)).toEqual([
      { stdout: 'created', late: false },
      { stdout: 'second', late: true },
    ]);
    expect((await stage.statusOf(id))?.status).toBe('succeeded');
  });

  it('ends a refused command as denied, with the reason', async () => {
    const id = await stage.queuedCommand();
    await report(id, 'rejected', { reason: 'the gateway does not advertise this verb' });
    await eventually(async () =>
      expect(await stage.statusOf(id)).toEqual({
        status: 'denied',
        reason: 'the gateway does not advertise this verb',
      }),
    );
  });

  it('stores no secret that a script has printed', async () => {
    const id = await stage.queuedCommand();
    await stage.publish(stage.resultOf(id, { stdout: 'set password=Planted-0815-secret' }));
    await eventually(async () => expect(await stage.storedResults(id)).toHaveLength(1));
    const { rows } =
      await sql`select 1 from viw.agent_command_results r where r::text like '%Planted-0815%'`.execute(
        stage.db,
      );
    expect(rows).toEqual([]);
  });

  it('sets a malformed entry aside and goes on', async () => {
    await stage.client.xadd(streams.commandResults, '*', 'body', 'not json');
    const id = await stage.queuedCommand();
    await stage.publish(stage.resultOf(id));
    await eventually(async () => expect((await stage.statusOf(id))?.status).toBe('succeeded'));
    expect(await stage.client.xlen(deadLetterStream(streams.commandResults))).toBe(1);
    await eventually(async () => {
      const [pending] = (await stage.client.xpending(streams.commandResults, groups.resultsWriter)) as [
        number,
      ];
      expect(pending).toBe(0);
    });
  });

  it('changes nothing when both streams are replayed from their first entry', async () => {
    const id = await stage.queuedCommand();
    await report(id, 'dispatched');
    await report(id, 'rejected', { reason: 'not advertised' });
    await stage.publish(stage.resultOf(id));
    await eventually(async () => expect(await stage.storedResults(id)).toHaveLength(1));
    await eventually(async () => expect((await stage.statusOf(id))?.status).toMatch(/denied|succeeded/));
    const both = [streams.commandEvents, streams.commandResults];
    const readUp = async () => {
      for (const stream of both) {
        const groupsOfStream = (await stage.client.xinfo('GROUPS', stream)) as unknown[][];
        const [newest] = await stage.client.xrevrange(stream, '+', '-', 'COUNT', 1);
        expect(groupsOfStream[0]).toEqual(expect.arrayContaining(['last-delivered-id', newest?.[0]]));
        expect(await stage.client.xpending(stream, groups.resultsWriter)).toEqual([0, null, null, null]);
      }
    };
    const everything = async () => [
      (await sql`select * from viw.agent_commands order by correlation_id`.execute(stage.db)).rows,
      (await sql`select * from viw.agent_command_results order by id`.execute(stage.db)).rows,
    ];
    await eventually(readUp);
    const before = await everything();
    for (const stream of both) await stage.client.xgroup('SETID', stream, groups.resultsWriter, '0');
    await eventually(readUp);
    expect(await everything()).toEqual(before);
  });
});
