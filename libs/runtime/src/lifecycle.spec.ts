import { Lifecycle } from './lifecycle';
import type { Component } from './lifecycle';
import { createLogger } from './logging';

const logger = createLogger({ service: 'sample', level: 'silent' });

function parts(overrides: Record<string, Partial<Component>> = {}) {
  const calls: string[] = [];
  const components = ['a', 'b', 'c'].map((name): Component => ({
    name,
    start: () => void calls.push(`+${name}`),
    stop: () => void calls.push(`-${name}`),
    ...overrides[name],
  }));
  return { calls, lifecycle: new Lifecycle({ components }, { logger }) };
}

test('starts in order, stops in reverse, once', async () => {
  const { calls, lifecycle } = parts();
  await lifecycle.start();
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  expect(calls).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
});

test('a failed start stops what had started, nothing else, and is thrown', async () => {
  const { calls, lifecycle } = parts({ b: { start: () => Promise.reject(new Error('no')) } });
  await expect(lifecycle.start()).rejects.toThrow('no');
  expect(calls).toEqual(['+a', '-a']);
  await lifecycle.stop();
  expect(calls).toEqual(['+a', '-a']);
});

test('a component that fails to stop does not keep the others', async () => {
  const { calls, lifecycle } = parts({ b: { stop: () => Promise.reject(new Error('no')) } });
  await lifecycle.start();
  await expect(lifecycle.stop()).rejects.toThrow('failed to stop: b');
  expect(calls).toEqual(['+a', '+b', '+c', '-c', '-a']);
});

test('a stop during the start waits for the component under way and starts no more', async () => {
  let release = (): void => undefined;
  const { calls, lifecycle } = parts({
    b: { start: () => new Promise<void>((resolve) => (release = resolve)) },
  });
  const starting = lifecycle.start();
  await Promise.resolve();
  const stopping = lifecycle.stop();
  release();
  await expect(starting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await stopping;
  expect(calls).toEqual(['+a', '-b', '-a']);
});
