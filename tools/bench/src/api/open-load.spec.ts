import { setTimeout as pause } from 'node:timers/promises';
import { askByClock } from './open-load';

const load = { perSecond: 200, durationMs: 100 };

describe('load by the clock', () => {
  it('asks as often as the schedule says, and counts a stall for each question that waited for it', async () => {
    let asked = 0;
    const stall = pause(150);
    const { answers } = await askByClock(load, async () => {
      const n = asked++;
      await stall;
      return n;
    });
    expect(answers.map(({ answer }) => answer)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    const [first, last] = [answers[0]?.ms ?? 0, answers.at(-1)?.ms ?? 0];
    expect(first - last).toBeGreaterThan(60);
  });

  it('fails when one question does', async () => {
    let asked = 0;
    const ask = async (): Promise<void> => {
      if (asked++ === 3) throw new Error('a wrong answer');
    };
    await expect(askByClock(load, ask)).rejects.toThrow('a wrong answer');
  });
});
