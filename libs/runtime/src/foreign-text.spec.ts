import { boundedText, foreignText } from './foreign-text';

it.each([
  ['nginx: ok', 'nginx: ok'],
  ['a\0b\0', 'a\ufffdb\ufffd'],
  ['\ud83d alone \ude00', '\ufffd alone \ufffd'],
  ['whole 😀', 'whole 😀'],
  ['cut here😀', 'cut here\ufffd'],
  ['too long by far', 'too long '],
])('%j becomes %j', (text, kept) => {
  expect(foreignText(text, 9)).toBe(kept);
});

test('what is cut off is told by an ellipsis, within the limit', () => {
  expect(boundedText('twelve chars', 12)).toBe('twelve chars');
  expect(boundedText('thirteen char', 12)).toBe('thirteen ch…');
});
