import { agentFrame } from '@viw/contracts';
import { Chance } from '../../chance';
import { fuzzedFrame } from './fuzzed-frames';

const many = (seed: number): (string | Buffer)[] => {
  const chance = new Chance(seed);
  return Array.from({ length: 2_000 }, () => fuzzedFrame(chance));
};

test('the same seed gives the same frames, none of which is a frame', () => {
  expect(many(1)).toEqual(many(1));
  for (const frame of many(2)) {
    let value: unknown;
    try {
      value = JSON.parse(frame.toString());
    } catch {
      continue;
    }
    expect(agentFrame.safeParse(value).success).toBe(false);
  }
});

test('some are no JSON, some have one odd value, some are binary', () => {
  const frames = many(3);
  const isJson = (frame: string | Buffer): boolean => {
    try {
      return typeof JSON.parse(frame.toString()) === 'object';
    } catch {
      return false;
    }
  };
  expect(frames.filter((frame) => Buffer.isBuffer(frame)).length).toBeGreaterThan(20);
  expect(frames.filter(isJson).length).toBeGreaterThan(200);
  expect(frames.filter((frame) => !isJson(frame)).length).toBeGreaterThan(200);
});
