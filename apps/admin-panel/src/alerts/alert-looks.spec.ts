import { evaluatorState } from './alert-looks';

const now = Date.parse('2026-11-28T12:00:00Z');

it.each([
  [null, 'unknown'],
  ['2026-11-28T11:59:40.000Z', 'well'],
  ['2026-11-28T11:56:00.000Z', 'silent'],
  // A clock that is ahead of the browser's.
  ['2026-11-28T12:00:05.000Z', 'well'],
])('last heard of at %s it is %s', (at, state) => {
  expect(evaluatorState(at, now)).toBe(state);
});
