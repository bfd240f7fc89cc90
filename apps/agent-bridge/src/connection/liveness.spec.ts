import { createMetrics } from '@viw/runtime';
import { bridgeMetrics } from '../bridge-metrics';
import type { Connection } from './connection';
import { Liveness } from './liveness';

const HEARTBEAT_MS = 20_000;

/** A hub with one agent, watched since 0, that answers every ping unless told otherwise. */
function hub() {
  const world = { now: 0, answers: true, pings: 0, ended: false };
  const connection = {
    lastSeenAt: 0,
    dialect: { silentAfterMs: 2 * HEARTBEAT_MS },
    ping(now: number) {
      Object.assign(connection, { lastPingAt: now });
      world.pings += 1;
      // Read with the next turn of the event loop.
      if (world.answers) queueMicrotask(() => (connection.lastSeenAt = now));
    },
  };
  const metrics = bridgeMetrics(createMetrics('test'));
  const liveness = new Liveness(
    { heartbeatMs: HEARTBEAT_MS },
    {
      end: () => (world.ended = true),
      clock: { now: () => world.now },
      random: () => 0,
      metrics,
    },
  );
  liveness.watch(connection as unknown as Connection);
  const sweepUntil = async (time: number): Promise<void> => {
    for (; world.now < time && !world.ended; world.now += 100) {
      liveness.sweep();
      await Promise.resolve();
    }
  };
  const heldUp = async (): Promise<number | undefined> => (await metrics.sweepsHeldUp.get()).values[0]?.value;
  return { world, sweepUntil, heldUp };
}

test('who answers no ping is silent after its time', async () => {
  const { world, sweepUntil } = hub();
  await sweepUntil(60_000);
  expect(world).toMatchObject({ ended: false, pings: 3 });
  world.answers = false;
  await sweepUntil(79_900);
  expect(world.ended).toBe(false);
  await sweepUntil(81_000);
  expect(world.ended).toBe(true);
});

test('after this process stood still nobody is silent before it could answer once more; who does not is', async () => {
  const { world, sweepUntil } = hub();
  await sweepUntil(1_000);
  world.now = 100_000;
  await sweepUntil(102_000);
  expect(world).toMatchObject({ ended: false, pings: 2 });
  world.answers = false;
  world.now = 200_000;
  await sweepUntil(219_900);
  expect(world.ended).toBe(false);
  await sweepUntil(221_000);
  expect(world.ended).toBe(true);
});

test('a process that stands still for a moment again and again keeps nobody alive who says nothing', async () => {
  const { world, sweepUntil, heldUp } = hub();
  world.answers = false;
  for (let stalls = 1; stalls <= 3; stalls++) {
    await sweepUntil(world.now + 10_000);
    expect(world.ended).toBe(false);
    world.now += 600;
    await sweepUntil(world.now + 100);
    expect(await heldUp()).toBe(stalls);
  }
  await sweepUntil(41_000);
  expect(world.ended).toBe(true);
});
