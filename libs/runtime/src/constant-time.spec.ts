import { constantTimeEqual } from './constant-time';

test.each([
  ['abc', 'abc', true],
  ['abc', Buffer.from('abc'), true],
  ['abc', 'abd', false],
  ['abc', 'abcd', false],
  ['', 'a', false],
])('%s = %s: %s', (a, b, equal) => {
  expect(constantTimeEqual(a, b)).toBe(equal);
});
