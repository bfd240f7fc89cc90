import { processUsage } from './process-usage';

describe('usage of a process', () => {
  it('agrees with what the process says of itself', () => {
    const { rssKb, peakRssKb, cpuMs } = processUsage(process.pid);
    expect(rssKb).toBeGreaterThan(10_000);
    expect(peakRssKb).toBeGreaterThanOrEqual(rssKb);
    const own = process.cpuUsage();
    expect(cpuMs).toBeLessThanOrEqual((own.user + own.system) / 1_000 + 100);
    expect(cpuMs).toBeGreaterThan(0);
  });

  it('of one that has ended is an error', () => expect(() => processUsage(2 ** 22 + 1)).toThrow('ENOENT'));
});
