import { absoluteTime, instant, preciseDuration, relativeTime, roughDuration, uptime } from './times';

const s = 1_000;

describe('times for people', () => {
  it.each([
    [0, '0 s'],
    [59.9 * s, '59 s'],
    [60 * s, '1 min'],
    [3_599 * s, '59 min'],
    [47 * 3_600 * s, '47 h'],
    [48 * 3_600 * s, '2 d'],
  ])('roughDuration(%d) is %s', (ms, text) => expect(roughDuration(ms)).toBe(text));

  it('speaks of past, present and future, and forgives a clock that is a little ahead', () => {
    expect(relativeTime(0, 12 * s)).toBe('12 s ago');
    expect(relativeTime(3 * s, 0)).toBe('just now');
    expect(relativeTime(90 * s, 0)).toBe('in 1 min');
  });

  it.each([
    [31, '31 ms'],
    [1_449, '1.4 s'],
    [12_900, '12 s'],
    [125 * s, '2 min 05 s'],
    [3_660 * s, '1 h 01 min'],
  ])('preciseDuration(%d) is %s', (ms, text) => expect(preciseDuration(ms)).toBe(text));

  it('shows the zone with absolute times', () => {
    const at = Date.UTC(2026, 10, 21, 14, 3, 10);
    expect(absoluteTime(at, 'utc')).toBe('2026-11-21 14:03:10 UTC');
    expect(absoluteTime(at, 'local')).toMatch(/^2026-11-2[012] \d\d:\d\d:10 [+-]\d\d:\d\d$/);
  });

  it('gives uptime in days and refuses nonsense as an instant', () => {
    expect(uptime(12 * 86_400 + 4 * 3_600)).toBe('12 d 4 h');
    expect(instant('nonsense')).toBeUndefined();
    expect(instant(null)).toBeUndefined();
    expect(instant('1970-01-01T00:00:01Z')).toBe(1_000);
  });
});
