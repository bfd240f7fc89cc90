import { alertsStream, certRequestsStream, groups, processesKey } from '@viw/contracts';
import { eventually } from '@viw/testing';
import { sql } from 'kysely';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend } from './test-backend';

let around: Surroundings;
let backend: TestBackend;
beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
}, 60_000);
afterAll(async () => {
  await backend?.stop();
  await around?.close();
});

const HOUR_MS = 3_600_000;
const says = (service: string, more: object, at: number): Promise<unknown> =>
  around.client.zadd(
    processesKey,
    at,
    JSON.stringify({ service, instance: 'h:1', version: '1.0.0', started_at: new Date(at), ...more }),
  );

it('says who is there, who has died, how far streams are read, and what waits; strangers’ words do no harm', async () => {
  const now = Date.now();
  await says('cert-worker', {}, now - HOUR_MS);
  await says('notifier', { instance: 'x'.repeat(10_000) }, now);
  await says('long-gone', {}, now - 25 * HOUR_MS);
  await says('from-the-future', {}, now + HOUR_MS);
  await around.client.zadd(processesKey, now, '{{{');
  const { stream } = certRequestsStream;
  await around.client.xgroup('CREATE', stream, groups.certWorker, '0', 'MKSTREAM');
  for (let n = 0; n < 3; n++) await around.client.xadd(stream, '*', 'body', '{}');
  await around.client.xreadgroup('GROUP', groups.certWorker, 'w', 'COUNT', 1, 'STREAMS', stream, '>');
  await around.client.xadd(`${stream}.dead`, '*', 'body', '{}');

  const viewer = await backend.as('viewer');
  const state = await eventually(async () => {
    const answer = await viewer.system.state();
    expect(answer.processes).toHaveLength(2);
    // What was made for the viewer is published meanwhile.
    expect(answer.outbox).toEqual({ waiting: 0, oldest_age_s: null });
    return answer;
  });
  expect(state.processes).toMatchObject([
    { service: 'backend', version: 'test', alive: true },
    { service: 'cert-worker', alive: false },
  ]);
  expect(state.streams?.find((each) => each.stream === stream)).toEqual({
    ...{ stream, length: 3, dead_letters: 1 },
    groups: [{ group: groups.certWorker, lag: 2, pending: 1 }],
  });
  expect(state.dns_providers_without_zones).toEqual([]);
});

it('without Redis it says so, and what waits for it', async () => {
  await around.redis.stop();
  await sql`INSERT INTO viw.outbox (stream, event_id, v, body, created_at)
    VALUES ('viw.alerts', gen_random_uuid(), 1, ${JSON.stringify(alertsStream.examples[0])}, now() - interval '1 minute')`.execute(
    around.owner,
  );
  const state = await (await backend.as('viewer')).system.state();
  expect(state).toMatchObject({ processes: null, streams: null, outbox: { waiting: 1 } });
  expect(state.outbox.oldest_age_s).toBeGreaterThanOrEqual(60);
});
