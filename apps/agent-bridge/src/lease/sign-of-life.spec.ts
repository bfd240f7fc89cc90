import { createLogger } from '@viw/runtime';
import { SignOfLife } from './sign-of-life';

const logger = createLogger({ service: 'agent-bridge', level: 'silent' });

function make() {
  const world = { now: 0, wasThere: false, lost: false, verified: 0, failing: false };
  const life = new SignOfLife(
    { ttlMs: 9_000 },
    {
      leases: {
        sayAlive: () =>
          world.lost ? Promise.reject(new Error('no answer')) : Promise.resolve(world.wasThere),
        sayGone: () => Promise.resolve(),
      },
      onLapsed: () => {
        world.verified += 1;
        return world.failing ? Promise.reject(new Error('no answer')) : Promise.resolve();
      },
      now: () => world.now,
      logger,
    },
  );
  return { world, life };
}

test('certain from the first sign of life until it may have run out', async () => {
  const { world, life } = make();
  expect(life.isCertain).toBe(false);
  await life.renew();
  world.now = 8_999;
  expect(life.isCertain).toBe(true);
  world.now = 9_000;
  expect(life.isCertain).toBe(false);
  expect(world.verified).toBe(0);
});

test('found missing: not certain again before it is known what is still here', async () => {
  const { world, life } = make();
  await life.renew();
  world.now = 3_000;
  world.failing = true;
  await expect(life.renew()).rejects.toThrow();
  expect(life.isCertain).toBe(false);
  world.wasThere = true;
  await expect(life.renew()).rejects.toThrow();
  world.failing = false;
  await life.renew();
  expect(life.isCertain).toBe(true);
  expect(world.verified).toBe(3);
});

test('the answer that said that it was missing got lost: the time alone tells', async () => {
  const { world, life } = make();
  await life.renew();
  world.now = 10_000;
  world.lost = true;
  await expect(life.renew()).rejects.toThrow();
  world.lost = false;
  world.wasThere = true;
  await life.renew();
  expect(world.verified).toBe(1);
});

test('without Redis at the start it starts all the same', async () => {
  const { world, life } = make();
  world.lost = true;
  await life.start();
  expect(life.isCertain).toBe(false);

  // What it holds by then may have been taken over.
  world.lost = false;
  await life.renew();
  expect(life.isCertain).toBe(true);
  expect(world.verified).toBe(1);
});

test('with Redis at the start there is nothing to be verified', async () => {
  const { world, life } = make();
  await life.start();
  expect(life.isCertain).toBe(true);
  world.wasThere = true;
  await life.renew();
  expect(world.verified).toBe(0);
});
