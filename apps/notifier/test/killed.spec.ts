import { join } from 'node:path';
import { eventually, freePort, startProgram } from '@viw/testing';
import type { Program } from '@viw/testing';
import { build } from 'esbuild';
import { NotifierStage, newKey } from './notifier-stage';
import type { Receiver } from './receiver';
import { answering, hanging } from './receiver';

const stage = new NotifierStage();
let receiver: Receiver;
let bundle: string;
const programs: Program[] = [];

beforeAll(async () => {
  await stage.start({ receivers: 1 });
  [receiver] = stage.receivers as [Receiver];
  bundle = join(stage.folder, 'notifier.js');
  await build({
    entryPoints: [join(__dirname, '../src/main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    external: ['pg-native'],
    logLevel: 'silent',
  });
}, 60_000);
afterAll(async () => {
  for (const program of programs) await program.stop();
  await stage.stop();
});

async function notifier(): Promise<Program> {
  const ops = `127.0.0.1:${await freePort()}`;
  const program = await startProgram({
    name: 'notifier',
    argv: [process.execPath, bundle],
    env: {
      ...stage.environment,
      NOTIFIER_OPS_BIND: ops,
      NOTIFIER_ATTEMPTS: '10',
      NOTIFIER_WEBHOOK_TIMEOUT_S: '2',
    },
    readyWhen: { url: `http://${ops}/internal/readyz` },
  });
  programs.push(program);
  return program;
}

test('killed in the middle of deliveries and before it has read everything: nothing is lost, what comes twice has one id', async () => {
  const { id } = await stage.channel(receiver.url);
  receiver.behaviour = hanging;
  const first = await notifier();
  const keys = Array.from({ length: 20 }, () => newKey());
  for (const key of keys.slice(0, 10)) await stage.say(key);
  await eventually(() => expect(receiver.received.length).toBeGreaterThan(0));
  await first.kill();
  for (const key of keys.slice(10)) await stage.say(key);
  receiver.behaviour = answering(204);
  const second = await notifier();
  await eventually(() =>
    expect(new Set(receiver.types().concat(receiver.received.map((r) => r.id))).size).toBe(21),
  );
  const titles = new Map(receiver.received.map((each) => [each.id, each.body]));
  expect(titles.size).toBe(20);
  for (const key of keys)
    expect([...titles.values()].filter((body) => body.includes(`${key}"`))).toHaveLength(1);
  // The one that was under way comes again, perhaps last of all.
  await eventually(() => expect(receiver.received.length).toBeGreaterThan(20));
  for (const { id: each, body } of receiver.received) expect(body).toBe(titles.get(each));
  await eventually(async () =>
    expect((await stage.deliveries(id)).filter(({ state }) => state === 'delivered')).toHaveLength(20),
  );
  await expect(second.stop()).resolves.toBeDefined();
});
