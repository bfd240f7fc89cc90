import { randomUUID } from 'node:crypto';
import { agentSessionsStream, commandEventsStream } from '@viw/contracts';
import { hubStage } from './hub-stage';
import { join, uniqueAgent } from './test-agent';
import type { TestHub } from './test-hub';
import { matching, nothingLeft, publish, runCommand } from './test-streams';

const stage = hubStage();
let hub: TestHub;

beforeAll(async () => {
  hub = await stage.startHub();
});

it('an agent that does not read is cut before more than 5 MB wait for it; its commands wait for its return', async () => {
  const agent = await join(hub.url, uniqueAgent());
  agent.freeze();
  const commands: string[] = [];
  for (let n = 0; n < 8; n++) commands.push(await publish(stage.redis, runCommand(agent.id)));
  await matching(stage.redis, commandEventsStream, (event) => event.agent_id === agent.id, 4);
  const body = (): string =>
    JSON.stringify({ correlation_id: randomUUID(), type: 'ECHO', payload: { text: 'x'.repeat(60_000) } });
  let accepted = 0;
  for (let status = 202; status === 202; accepted++) {
    const headers = { 'content-type': 'application/json' };
    const url = `${hub.opsUrl}/internal/agent/agents/${agent.id}/commands`;
    status = (await fetch(url, { method: 'POST', headers, body: body() })).status;
  }
  // What the kernel takes for both ends comes on top.
  expect(accepted * 60_000).toBeLessThan(30_000_000);
  const isEnd = (entry: { kind: string }): boolean =>
    entry.kind === 'disconnected' && 'agent_id' in entry && entry.agent_id === agent.id;
  expect((await matching(stage.redis, agentSessionsStream, isEnd))[0]).toMatchObject({
    reason: 'error',
    code: 1013,
  });
  expect(await hub.metrics()).toMatch(
    /viw_frames_dropped_total\{reason="outbound_queue_full",type="ECHO".*\} 1/,
  );
  agent.cut();

  const back = await join(hub.url, agent.id);
  for (const expected of commands) {
    expect((await back.next('COMMAND')).correlation_id).toBe(expected);
    back.result(expected);
  }
  await nothingLeft(stage.redis, hub.id, agent.id);
  await back.close();
});
