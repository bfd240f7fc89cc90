import { type Step, findSaturation } from './saturation';

describe('saturation of a hub', () => {
  const hub = (capacity: number, senderMax = Number.POSITIVE_INFINITY) => {
    const steps: number[] = [];
    const leg = async (perSecond: number): Promise<Step> => {
      steps.push(perSecond);
      const offered = Math.min(perSecond, senderMax);
      return { offered, stored: Math.min(offered, capacity) };
    };
    return { steps, leg };
  };

  it('is the most that was stored, found by offering more until it is not taken', async () => {
    const { steps, leg } = hub(10_000);
    expect(await findSaturation({ firstPerSecond: 4_000 }, leg)).toBe(10_000);
    expect(steps).toEqual([4_000, 6_400, 10_240, 16_384, 16_384]);
  });

  it('ends where the sender ends', async () => {
    const { steps, leg } = hub(1_000_000, 7_000);
    expect(await findSaturation({ firstPerSecond: 4_000 }, leg)).toBe(7_000);
    expect(steps.at(-1)).toBe(10_240);
  });

  it('is not a single slow step', async () => {
    const stored = [100, 4_000, 3_000];
    const steps: number[] = [];
    await findSaturation({ firstPerSecond: 4_000 }, async (offered) => {
      steps.push(offered);
      return { offered, stored: stored[steps.length - 1] ?? 0 };
    });
    expect(steps).toEqual([4_000, 4_000, 6_400, 6_400]);
  });

  it('does not go on forever', async () => {
    const { steps, leg } = hub(Number.POSITIVE_INFINITY);
    await findSaturation({ firstPerSecond: 1, maxSteps: 3 }, leg);
    expect(steps).toHaveLength(3);
  });
});
