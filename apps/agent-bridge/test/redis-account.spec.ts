import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import {
  bridgeAlertsStream,
  hubEntriesStream,
  hubRegisterKey,
  hubStream,
  mailboxStream,
  redisAclLine,
} from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import { eventually, startRedis } from '@viw/testing';
import { join, signed, uniqueAgent, upgrade } from './test-agent';
import { seedRegistry, startHubOnly } from './test-hub';
import { connect, matching, nothingLeft, publish, runCommand } from './test-streams';

it('everything that hubs do among themselves is within the rights of their account', async () => {
  const dir = await mkdtemp(joinPath(tmpdir(), 'viw-bridge-acl-'));
  const aclFile = joinPath(dir, 'users.acl');
  await writeFile(
    aclFile,
    `user default on nopass ~* &* +@all\n${redisAclLine('agent-bridge', '>secret')}\n`,
  );
  const server = await startRedis({ aclFile });
  const redis = await connect(server.url);
  const url = server.url.replace('redis://', 'redis://agent-bridge:secret@');
  await seedRegistry(server.url);
  const hub = await startHubOnly(url, {}, { contest: 1_000, leaseRenewal: 600_000 });
  const other = await startHubOnly(url);

  // Replaced at another hub, mailbox, result.
  const id = uniqueAgent();
  const former = await join(hub.url, id, {}, { from: '127.0.0.1' });
  const agent = await join(other.url, id, {}, { from: '127.0.0.2' });
  expect(await former.closed).toBe(4409);
  const sent = await publish(redis, runCommand(id));
  expect((await agent.next('COMMAND')).correlation_id).toBe(sent);
  agent.result(sent);
  await nothingLeft(redis, other.id, id);

  // A contest begins and ends.
  expect((await upgrade(hub.port, signed(id), '/agent/ws', 'GET', { from: '127.0.0.1' })).status).toBe(409);
  await matching(redis, bridgeAlertsStream, ({ action }) => action === 'raised');
  await matching(redis, bridgeAlertsStream, ({ action }) => action === 'cleared');

  // A dead hub is taken over and forgotten, poison in its stream set aside.
  const dead = hubStream('hub-dead');
  const waiting = runCommand(uniqueAgent());
  await redis.xadd(dead, '*', 'body', '{');
  await redis.xadd(dead, '*', ...encodeEntry(hubEntriesStream, waiting).fields);
  await redis.sadd(hubRegisterKey, 'hub-dead');
  await eventually(async () => {
    expect(await redis.xlen(mailboxStream(waiting.agent_id))).toBe(1);
    expect(await redis.sismember(hubRegisterKey, 'hub-dead')).toBe(0);
    expect(await redis.xlen(`${dead}.dead`)).toBe(1);
  });
  await agent.close();
  await Promise.all([hub.stop(), other.stop()]);
  const denied = ((await redis.call('ACL', 'LOG')) as unknown[][]).map(
    (row) => row[row.indexOf('object') + 1],
  );
  // The check of Redis's settings asks, and does without an answer.
  expect(denied.filter((object) => object !== 'config|get')).toEqual([]);
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
});
