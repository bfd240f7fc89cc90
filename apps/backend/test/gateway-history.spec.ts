import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { backendStage } from './backend-stage';
import { uniqueAgent } from './test-backend';

const stage = backendStage();

describe('what a gateway did and does', () => {
  it('containers and connections of a host, of this one only', async () => {
    const id = uniqueAgent();
    await stage.admin.gateways.register({ agent_id: id });
    expect(await stage.admin.gateways.containers(id)).toEqual({
      running: null,
      total: null,
      images: null,
      at: null,
    });
    await sql`INSERT INTO viw.os_gateway_status (agent_id, epoch, seq, ts, received_at, metrics)
      VALUES (${id}, 1, 1, now(), now(), '{"containers":{"running":2,"images":["viw/session:1"]}}')`.execute(
      stage.around.owner,
    );
    expect(await stage.admin.gateways.containers(id)).toMatchObject({
      ...{ running: 2, total: null, images: ['viw/session:1'] },
      at: expect.any(String) as string,
    });
    for (const [epoch, agent] of [id, id, 'gw-other'].entries())
      await sql`INSERT INTO viw.agent_sessions (session_id, agent_id, hub, conn_id, epoch, remote_ip)
        VALUES (${randomUUID()}, ${agent}, 'hub-1', 'c-1', ${epoch}, '192.0.2.1')`.execute(
        stage.around.owner,
      );
    const newest = await stage.admin.gateways.sessions(id, { limit: 1 });
    const rest = await stage.admin.gateways.sessions(id, { cursor: newest.next_cursor ?? '' });
    expect([...newest.items, ...rest.items].map(({ epoch, hub }) => [epoch, hub])).toEqual([
      [1, 'hub-1'],
      [0, 'hub-1'],
    ]);
    for (const read of [stage.admin.gateways.containers, stage.admin.gateways.sessions])
      await expect(read(uniqueAgent())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('events of a host: newest first, by pages, of this one only', async () => {
    const [id, other] = [uniqueAgent(), uniqueAgent()];
    for (const agent_id of [id, other]) await stage.admin.gateways.register({ agent_id });
    for (const [n, agent] of [id, id, id, other].entries())
      await sql`INSERT INTO viw.agent_events (agent_id, event_id, kind, name, data, ts, received_at)
        VALUES (${agent}, ${randomUUID()}, 'service', ${`event-${n}`}, ${JSON.stringify({ n })}::jsonb, now(),
          now() + make_interval(secs => ${n}))`.execute(stage.around.owner);
    const first = await stage.admin.gateways.events(id, { limit: 2 });
    expect(first.items.map(({ name, data }) => [name, data])).toEqual([
      ['event-2', { n: 2 }],
      ['event-1', { n: 1 }],
    ]);
    const rest = await stage.admin.gateways.events(id, { cursor: first.next_cursor ?? '' });
    expect(rest).toMatchObject({ items: [{ name: 'event-0' }], next_cursor: null });
    await expect(stage.admin.gateways.events(uniqueAgent())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('pages go on behind what was deleted meanwhile; the newest session is still there', async () => {
    const id = uniqueAgent();
    await stage.admin.gateways.register({ agent_id: id });
    const then = sql`now() - interval '91 days'`;
    for (const epoch of [1, 2, 3])
      await sql`INSERT INTO viw.agent_sessions (session_id, agent_id, hub, conn_id, epoch, remote_ip, disconnected_at, stored_at)
        VALUES (${randomUUID()}, ${id}, 'hub-1', 'c-1', ${epoch}, '192.0.2.1', ${then}, ${then})`.execute(
        stage.around.owner,
      );
    const page = await stage.admin.gateways.sessions(id, { limit: 2 });
    await sql`SELECT viw.forget_agent_sessions(90, 100)`.execute(stage.around.owner);
    expect(await stage.admin.gateways.sessions(id, { cursor: page.next_cursor! })).toMatchObject({
      items: [],
    });
    expect((await stage.admin.gateways.sessions(id)).items.map(({ epoch }) => epoch)).toEqual([3]);
    expect((await stage.admin.gateways.get(id)).agent_id).toBe(id);
  });
});
