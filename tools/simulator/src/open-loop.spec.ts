import { OpenLoop } from './open-loop';

describe('open-loop schedule', () => {
  const loop = () => new OpenLoop({ perSecond: 100, durationMs: 1_000, startAt: 5_000 });

  it('gives out what has become due, once', () => {
    const schedule = loop();
    expect(schedule.take(4_999)).toBe(0);
    expect(schedule.take(5_000)).toBe(1);
    expect(schedule.take(5_000)).toBe(0);
    expect(schedule.take(5_095)).toBe(9);
  });

  it('keeps what a stall has left undone, and says how late it is', () => {
    const schedule = loop();
    expect(schedule.take(5_500, 10)).toBe(10);
    expect(schedule.lateness(5_500)).toBe(400);
    expect(schedule.take(5_500)).toBe(41);
    expect(schedule.lateness(5_505)).toBe(0);
  });

  it('ends with the last event of its time', () => {
    const schedule = loop();
    expect(schedule.total).toBe(100);
    expect(schedule.take(60_000)).toBe(100);
    expect(schedule.finished).toBe(true);
    expect(schedule.take(61_000)).toBe(0);
    expect(schedule.lateness(61_000)).toBe(0);
    expect(schedule.dueAt(99)).toBe(5_990);
  });
});
