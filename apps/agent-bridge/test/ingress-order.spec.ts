import { randomUUID } from 'node:crypto';
import { commandsStream, groups } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import { IngressOrder } from '../src/routing/ingress-order';
import { hubStage } from './hub-stage';
import { runCommand } from './test-streams';

const stage = hubStage();

it('an entry waits for an earlier one of its agent in other hands, which is read once however often that is asked', async () => {
  const { stream } = commandsStream;
  const [agentId, other] = [randomUUID(), randomUUID()];
  const add = async (id: string) => {
    const body = runCommand(id);
    const entryId = (await stage.redis.xadd(stream, '*', ...encodeEntry(commandsStream, body).fields)) ?? '';
    return { id: entryId, body } as never;
  };
  await stage.redis.xgroup('CREATE', stream, groups.agentBridge, '0', 'MKSTREAM');
  const read = (hub: string) =>
    stage.redis.xreadgroup('GROUP', groups.agentBridge, hub, 'STREAMS', stream, '>');
  const poison = await stage.redis.xadd(stream, '*', 'body', '{');
  const earlier = (await add(agentId)) as { id: string };
  await read('hub-2');
  const [waiting, free] = [(await add(agentId)) as { id: string }, await add(other)];
  await read('hub-1');

  const order = new IngressOrder({ hub: 'hub-1' }, { redis: stage.redis });
  const reads = async (): Promise<number> =>
    Number(/cmdstat_xrange:calls=(\d+)/.exec(await stage.redis.info('commandstats'))?.[1] ?? 0);
  for (let asked = 0; asked < 3; asked++)
    expect(await order.early([waiting as never, free])).toEqual(new Set([waiting.id]));
  expect(await reads()).toBe(2);
  await stage.redis.xack(stream, groups.agentBridge, earlier.id, String(poison));
  expect(await order.early([waiting as never, free])).toEqual(new Set());
});
