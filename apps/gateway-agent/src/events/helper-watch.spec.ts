import { createLogger } from '@viw/runtime';
import { eventually } from '@viw/testing';
import { HelperWatch } from './helper-watch';

const logger = createLogger({ service: 'test', level: 'silent' });

it('tells once that the helper is away, and that it is back; a single miss is nothing', async () => {
  const told: string[] = [];
  /** true: it answers. */
  let answers = (_look: number): boolean => true;
  let looks = 0;
  const helper = {
    describe: async () => {
      if (!answers(++looks)) throw new Error('ECONNREFUSED');
    },
  };
  const events = { emit: (_kind: string, name: string) => void told.push(name) };
  const watch = new HelperWatch({ everyMs: 5 }, { helper, events, logger });
  expect(watch.state).toBe('unknown');
  answers = (look) => look % 2 === 1;
  watch.start();
  await eventually(() => expect(looks).toBeGreaterThan(10));
  expect(told).toEqual([]);
  answers = () => false;
  const from = looks;
  await eventually(() => expect(looks).toBeGreaterThan(from + 5));
  expect(watch.state).toBe('unreachable');
  expect(told).toEqual(['helper.unreachable']);
  answers = () => true;
  await eventually(() => expect(watch.state).toBe('reachable'));
  expect(told).toEqual(['helper.unreachable', 'helper.back']);
  await watch.stop();
});
