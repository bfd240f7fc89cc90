import { randomUUID } from 'node:crypto';
import {
  commandEventsStream,
  commandsStream,
  groups,
  hubStream,
  mailboxStream,
  streams,
} from '@viw/contracts';
import type { RunCommandBody, StreamBody, StreamContract } from '@viw/contracts';
import { createRedis, decodeEntry, encodeEntry, waitUntilReady } from '@viw/streams';
import type { Redis } from '@viw/streams';
import { eventually } from '@viw/testing';

export async function connect(url: string): Promise<Redis> {
  const redis = createRedis(url, { role: 'command', name: 'test' });
  await waitUntilReady(redis);
  return redis;
}

/** Every entry of a stream, each held against its contract. */
export async function entries<C extends StreamContract>(redis: Redis, contract: C): Promise<StreamBody<C>[]> {
  const raw = await redis.xrange(contract.stream, '-', '+');
  return raw.map(([, fields]) => decodeEntry(contract, fields).body);
}

/** Waits until the stream has at least so many matching entries and returns them. */
export function matching<C extends StreamContract>(
  redis: Redis,
  contract: C,
  matches: (body: StreamBody<C>) => boolean,
  count = 1,
): Promise<StreamBody<C>[]> {
  return eventually(
    async () => {
      const found = (await entries(redis, contract)).filter(matches);
      if (found.length < count) throw new Error(`${found.length} of ${count} entries`);
      return found;
    },
    { what: `entries in ${contract.stream}` },
  );
}

export const runCommand = (agentId: string, more: Partial<RunCommandBody> = {}): RunCommandBody => ({
  kind: 'run',
  correlation_id: randomUUID(),
  agent_id: agentId,
  verb: 'list_users',
  accepted_at: new Date().toISOString(),
  expires_at: new Date(Date.now() + 30_000).toISOString(),
  timeout_s: 30,
  jws: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
  ...more,
});

/** As the backend's relay does it. */
export async function publish(redis: Redis, body: StreamBody<typeof commandsStream>): Promise<string> {
  const { fields } = encodeEntry(commandsStream, body, { correlationId: body.correlation_id });
  await redis.xadd(streams.commands, '*', ...fields);
  return body.correlation_id;
}

/** What is to happen within a command's time needs so much of it, milliseconds. */
const ENOUGH_MS = 1_000;

/**
 * Publishes a command that is soon over, and waits until it has come as far as `arrived` wants. On a machine so busy that its time
 * was over before that, another one with twice the time.
 * @param late ends a command that has arrived with less than a second left, so that another one can be taken. Without it, what is
 *   left does not matter
 */
export async function shortLived(
  redis: Redis,
  agentId: string,
  arrived: (command: RunCommandBody) => unknown,
  late?: (command: RunCommandBody) => Promise<unknown>,
): Promise<RunCommandBody> {
  for (let ms = 3_000; ; ms *= 2) {
    const command = runCommand(agentId, { expires_at: new Date(Date.now() + ms).toISOString() });
    await publish(redis, command);
    const inTime = await eventually(async () => {
      const told = (await entries(redis, commandEventsStream)).filter(
        ({ correlation_id }) => correlation_id === command.correlation_id,
      );
      if (told.some(({ state }) => state === 'expired')) return false;
      await arrived(command);
      return true;
    });
    if (!inTime) continue;
    if (late === undefined || Date.parse(command.expires_at) - Date.now() >= ENOUGH_MS) return command;
    await late(command);
  }
}

/** Waits until the clock is past a time, as when a command's time has to be over. @param time ISO text or epoch milliseconds */
export function untilPast(time: string | number): Promise<void> {
  const at = typeof time === 'number' ? time : Date.parse(time);
  return eventually(() => expect(Date.now()).toBeGreaterThan(at), { what: new Date(at).toISOString() });
}

/**
 * So many commands are with the hub, and none is at the entrance any more: whoever takes over from the hub gets each once.
 * One at the entrance may come twice, for the agent's journal to answer.
 */
export function allHeld(redis: Redis, hub: string, count: number): Promise<void> {
  return eventually(
    async () => {
      expect((await redis.xpending(hubStream(hub), groups.agentBridge))[0]).toBe(count);
      expect((await redis.xpending(streams.commands, groups.agentBridge))[0]).toBe(0);
    },
    { what: `${count} commands at the hub` },
  );
}

/** Nothing of a command is left on its way: no entry in the hub's stream or mailbox, nothing pending at the entrance. */
export function nothingLeft(redis: Redis, hub: string, agentId: string): Promise<void> {
  return eventually(
    async () => {
      expect(await redis.xlen(hubStream(hub))).toBe(0);
      expect(await redis.xlen(mailboxStream(agentId))).toBe(0);
      expect((await redis.xpending(streams.commands, 'agent-bridge'))[0]).toBe(0);
      expect((await redis.xpending(hubStream(hub), 'agent-bridge'))[0]).toBe(0);
    },
    { what: 'empty hub stream and mailbox' },
  );
}
