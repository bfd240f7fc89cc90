import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { changesStream } from '@viw/contracts';
import { encodeEntry } from '@viw/streams';
import { eventually } from '@viw/testing';
import type { Surroundings } from './surroundings';
import { surroundings } from './surroundings';
import type { TestBackend } from './test-backend';
import { startBackend, uniqueAgent } from './test-backend';

const STREAMS = 2_000;
const AT_ONCE = 50;

let around: Surroundings;
let backend: TestBackend;
const agent = new Agent({ maxSockets: Infinity, keepAlive: false });
const answers: IncomingMessage[] = [];
const texts = new Map<IncomingMessage, string>();

beforeAll(async () => {
  around = await surroundings();
  backend = await startBackend(around);
}, 60_000);

afterAll(async () => {
  for (const answer of answers) answer.destroy();
  agent.destroy();
  await backend?.stop();
  await around?.close();
});

const openStream = (key: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const url = `${backend.url}/admin/api/events?topics=gateways`;
    const headers = { authorization: `Bearer ${key}` };
    const sent = request(url, { agent, headers }, (answer) => {
      answers.push(answer);
      answer
        .setEncoding('utf8')
        .on('data', (part: string) => texts.set(answer, (texts.get(answer) ?? '') + part));
      answer.once('error', () => undefined);
      resolve();
    });
    sent.once('error', reject).end();
  });

const countOf = (text: string): number => [...texts.values()].filter((each) => each.includes(text)).length;

it(`${STREAMS} open streams: each of them is told, the narrowed ones what is theirs, and others are answered meanwhile`, async () => {
  const [mine, foreign] = [uniqueAgent(), uniqueAgent()];
  const admin = await backend.as('admin');
  for (const agent_id of [mine, foreign]) await admin.gateways.register({ agent_id });
  const whole = await backend.key('viewer');
  const narrowed = await backend.key('viewer', { gateways: { ids: [mine] } });
  for (let open = 0; open < STREAMS; open += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => openStream(i % 2 === 0 ? whole : narrowed)));
  await eventually(() => expect(countOf('event: ready')).toBe(STREAMS), { timeoutMs: 30_000 });
  expect(await backend.openStreams()).toBe(STREAMS);

  const changes = [mine, foreign].map((id) => ({ kind: 'gateway' as const, id }));
  await around.client.xadd(changesStream.stream, '*', ...encodeEntry(changesStream, { changes }).fields);
  const [begun, used] = [performance.now(), process.cpuUsage()];
  await admin.session.me();
  expect(performance.now() - begun).toBeLessThan(20_000);
  // Of all that stands between: work, whatever else the machine does. Backend and listeners are this process.
  const { user, system } = process.cpuUsage(used);
  expect((user + system) / 1_000).toBeLessThan(1_000);
  await eventually(() => expect(countOf(`"id":"${mine}"`)).toBe(STREAMS), { timeoutMs: 30_000 });
  expect(countOf(`"id":"${foreign}"`)).toBe(STREAMS / 2);

  for (const answer of answers.splice(0)) answer.destroy();
  await eventually(async () => expect(await backend.openStreams()).toBe(0), { timeoutMs: 30_000 });
}, 180_000);
