import { commandEventsStream, mailboxStream } from '@viw/contracts';
import type { CommandEventsBody } from '@viw/contracts';
import type { Redis } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import type { Redis as RedisServer } from '@viw/testing';
import { seedRegistry, startHubOnly } from './test-hub';
import type { TestHub } from './test-hub';
import { connect, entries, matching } from './test-streams';

type StartHub = Parameters<typeof startHubOnly> extends [string, ...infer Rest] ? Rest : never;

/** A real Redis and the hubs on it. */
export class HubStage {
  readonly #hubs: TestHub[] = [];
  server!: RedisServer;
  redis!: Redis;

  get url(): string {
    return this.server.url;
  }

  async open(): Promise<void> {
    this.server = await startRedis();
    this.redis = await connect(this.server.url);
  }

  /** Stopped with the stage, if it was not before. */
  async startHub(...how: StartHub): Promise<TestHub> {
    await seedRegistry(this.url);
    return this.startHubOnly(...how);
  }

  /** Without making sure that there is a registry. */
  async startHubOnly(...how: StartHub): Promise<TestHub> {
    const hub = await startHubOnly(this.url, ...how);
    this.#hubs.push(hub);
    return hub;
  }

  async close(): Promise<void> {
    await Promise.all(this.#hubs.splice(0).map((hub) => hub.stop()));
    this.redis.disconnect();
    await this.server.stop();
  }

  /** What was reported of a command, oldest first. */
  async eventsOf(correlationId: string): Promise<CommandEventsBody[]> {
    return (await entries(this.redis, commandEventsStream)).filter(
      (body) => body.correlation_id === correlationId,
    );
  }

  async statesOf(correlationId: string): Promise<string[]> {
    return (await this.eventsOf(correlationId)).map(({ state }) => state);
  }

  /** Waits for it. */
  async event(correlationId: string, state: CommandEventsBody['state']): Promise<CommandEventsBody> {
    const [found] = await matching(
      this.redis,
      commandEventsStream,
      (body) => body.correlation_id === correlationId && body.state === state,
    );
    return found as CommandEventsBody;
  }

  /** Waits until so many commands wait for the agent. */
  inMailbox(agentId: string, count: number): Promise<void> {
    return eventually(async () => expect(await this.redis.xlen(mailboxStream(agentId))).toBe(count), {
      what: 'commands in the mailbox',
    });
  }
}

/** For the tests of a file: opened before `each` or before `all` of them, closed after. */
export function hubStage(scope: 'all' | 'each' = 'all'): HubStage {
  const stage = new HubStage();
  (scope === 'all' ? beforeAll : beforeEach)(() => stage.open());
  (scope === 'all' ? afterAll : afterEach)(() => stage.close());
  return stage;
}
