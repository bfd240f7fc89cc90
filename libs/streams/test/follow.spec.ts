import { eventually } from '@viw/testing';
import { StreamFollower } from '../src/index';
import type { Gap, StreamFollowerDeps } from '../src/index';
import { contract, logger, publishAll, range, uniqueStream } from './setup';
import { streamStage } from './stream-stage';
import type { Contract } from './setup';

const stage = streamStage();

function follow(
  stream: string,
  from: string,
  deps: Partial<StreamFollowerDeps<Contract>> = {},
): { seen: string[]; follower: StreamFollower<Contract> } {
  const seen: string[] = [];
  const follower = stage.cleanup.add(
    new StreamFollower(
      { contract, stream, from, name: 'test', blockMs: 200 },
      {
        redisUrl: stage.server.url,
        logger,
        handler: (entries) => void seen.push(...entries.map((entry) => entry.body.id)),
        ...deps,
      },
    ),
  );
  follower.start();
  return { seen, follower };
}

test('from $: only what is added later, to every follower', async () => {
  const stream = uniqueStream();
  await publishAll(stage.producer, stream, [1]);
  const [a, b] = [follow(stream, '$'), follow(stream, '$')];
  await eventually(() => expect([a.follower.position, b.follower.position]).not.toContain(undefined));
  await publishAll(stage.producer, stream, [2, 3]);
  await eventually(() =>
    expect([a.seen, b.seen]).toEqual([
      ['2', '3'],
      ['2', '3'],
    ]),
  );
});

test('from an id: resumes behind it, over a restart of Redis too, with unreadable entries skipped', async () => {
  const stream = uniqueStream();
  const ids = await publishAll(stage.producer, stream, [1, 2]);
  const gaps: Gap[] = [];
  const { seen } = follow(stream, ids[0] ?? '', { onGap: (gap) => void gaps.push(gap) });
  await eventually(() => expect(seen).toEqual(['2']));
  await stage.server.kill();
  await stage.server.restart();
  await eventually(() => stage.redis.xadd(stream, '*', 'body', '?'));
  await publishAll(stage.producer, stream, [3]);
  await eventually(() => expect(seen).toEqual(['2', '3']));
  expect(gaps).toEqual([]);
});

test('an id that has been trimmed is reported before reading goes on', async () => {
  const stream = uniqueStream();
  const ids = await publishAll(stage.producer, stream, range(10));
  await stage.redis.xtrim(stream, 'MAXLEN', 3);
  const events: string[] = [];
  follow(stream, ids[2] ?? '', {
    onGap: (gap) => void events.push(`${gap.reason} after ${gap.wanted}`),
    handler: (entries) => void events.push(...entries.map((entry) => entry.body.id)),
  });
  await eventually(() => expect(events).toEqual([`trimmed after ${ids[2]}`, '7', '8', '9']));
});

test('onGap may name where to read on', async () => {
  const stream = uniqueStream();
  const ids = await publishAll(stage.producer, stream, range(10));
  await stage.redis.xtrim(stream, 'MAXLEN', 3);
  const { seen } = follow(stream, ids[2] ?? '', { onGap: () => ids[8] });
  await eventually(() => expect(seen).toEqual(['9']));
});

test('a stream that was deleted is reported, and what comes next is read', async () => {
  const stream = uniqueStream();
  const ids = await publishAll(stage.producer, stream, [1]);
  const gaps: Gap[] = [];
  const { seen } = follow(stream, ids[0] ?? '', { onGap: (gap) => void gaps.push(gap) });
  await stage.redis.del(stream);
  await eventually(() => expect(gaps).toMatchObject([{ reason: 'reset', wanted: ids[0] }]));
  await publishAll(stage.producer, stream, [2]);
  await eventually(() => expect(seen).toEqual(['2']));
});

test('a handler that fails for a passing reason gets the same entries again', async () => {
  const stream = uniqueStream();
  let failures = 2;
  const seen: string[] = [];
  follow(stream, '0-0', {
    handler: (entries) => {
      if (failures-- > 0) throw Object.assign(new Error('away'), { code: 'ECONNRESET' });
      seen.push(...entries.map((entry) => entry.body.id));
    },
  });
  await publishAll(stage.producer, stream, [1, 2]);
  await eventually(() => expect(seen).toEqual(['1', '2']));
});
