import { runInNewContext } from 'node:vm';
import { isError } from './is-error';

test('an error is one wherever it comes from; what only looks like one is none', () => {
  const foreign: unknown = runInNewContext('new TypeError("x")');
  expect(foreign).not.toBeInstanceOf(Error);
  expect([new Error('x'), new RangeError('x'), foreign].map(isError)).toEqual([true, true, true]);
  expect([{ name: 'Error', message: 'x' }, 'Error: x', null, undefined].some(isError)).toBe(false);
});
