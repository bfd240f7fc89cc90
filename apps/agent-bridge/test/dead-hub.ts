import { randomUUID } from 'node:crypto';
import { groups, hubEntriesStream, hubRegisterKey, hubStream, leaseKey } from '@viw/contracts';
import type { HubEntryBody } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import type { HubStage } from './hub-stage';

/** What a hub leaves in Redis when it is killed. */
export class DeadHub {
  readonly id = `dead-${randomUUID().slice(0, 8)}`;
  readonly stream = hubStream(this.id);

  constructor(private readonly stage: Pick<HubStage, 'redis'>) {}

  /** It said that it lives, and does so no more. */
  async register(): Promise<this> {
    await this.stage.redis.sadd(hubRegisterKey, this.id);
    return this;
  }

  async add(...bodies: HubEntryBody[]): Promise<void> {
    for (const body of bodies)
      await this.stage.redis.xadd(this.stream, '*', ...encodeEntry(hubEntriesStream, body).fields);
  }

  async poison(count: number): Promise<void> {
    for (let n = 0; n < count; n++) await this.stage.redis.xadd(this.stream, '*', 'body', '{');
  }

  /** What is in the stream so far is pending. */
  async read(): Promise<string[]> {
    const { redis } = this.stage;
    await redis.xgroup('CREATE', this.stream, groups.agentBridge, '0', 'MKSTREAM').catch(() => undefined);
    await redis.xreadgroup('GROUP', groups.agentBridge, this.id, 'STREAMS', this.stream, '>');
    return (await redis.xrange(this.stream, '-', '+')).map(([id]) => id);
  }

  /** As if the agent were still connected to it. */
  async hold(agentId: string): Promise<void> {
    await this.stage.redis.hset(leaseKey(agentId), {
      hub: this.id,
      epoch: '1',
      conn_id: 'c',
      address: '127.0.0.1',
      serving: '1',
    });
  }
}
