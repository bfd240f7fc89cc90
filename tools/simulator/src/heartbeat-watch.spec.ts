import { HeartbeatWatch, missedWithin } from './heartbeat-watch';

describe('heartbeats of the hub', () => {
  it('may be half a period late', () => {
    expect(missedWithin(20_500, 20_000)).toBe(0);
    expect(missedWithin(30_000, 20_000)).toBe(0);
    expect(missedWithin(31_000, 20_000)).toBe(1);
    expect(missedWithin(90_001, 20_000)).toBe(4);
  });

  it('are counted within sessions only, the last gap included', () => {
    const watch = new HeartbeatWatch();
    expect(watch.missed(1_000_000)).toBe(0);
    watch.welcomed(0, 10_000);
    watch.beat(10_200);
    watch.beat(30_200);
    expect(watch.missed(30_200)).toBe(1);
    expect(watch.missed(46_000)).toBe(2);
    watch.closed(46_000);
    expect(watch.missed(500_000)).toBe(2);
    watch.welcomed(500_000, 10_000);
    watch.beat(510_000);
    expect(watch.missed(511_000)).toBe(2);
  });
});
