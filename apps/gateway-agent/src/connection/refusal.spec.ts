import { parseRetryAfter } from './refusal';

const now = Date.parse('2026-11-21T08:00:00Z');

it.each([
  ['7', 7_000],
  [' 0 ', 0],
  ['Sat, 21 Nov 2026 08:01:00 GMT', 60_000],
  ['Sat, 21 Nov 2026 07:00:00 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('Retry-After %j is %j ms', (value, ms) => expect(parseRetryAfter(value, now)).toBe(ms));
