import { quotedText } from './quoted-text';

test.each([
  ['berlin', '"berlin"'],
  ['a "b" \\u{61}', '"a \\"b\\" \\\\u{61}"'],
  ['Köln', '"Köln" ("K\\u{f6}ln")'],
  ['two  spaces', '"two  spaces" ("two \\u{20}spaces")'],
  ['a\u202eb', '"a\\u{202e}b" ("a\\u{202e}b")'],
])('%j is shown as %s', (text, shown) => expect(quotedText(text)).toBe(shown));

test.each([
  ['no-break space', 'a b', 'a\u00a0b'],
  ['a Cyrillic letter', 'a', '\u0430'],
  ['an accent of its own', '\u00e9', 'e\u0301'],
  ['a letter that turns the direction', '\u05d01', '1\u05d0'],
  ['a character and its escape', '\u202e', '\\u{202e}'],
  ['what nobody sees', 'a', 'a\ufe0f'],
])('%s: the spelling tells them apart', (_, one, other) => {
  const spelling = (text: string): string => quotedText(text).replace(/^.* \((".*")\)$/, '$1');
  expect(spelling(one)).not.toBe(spelling(other));
  expect(spelling(one) + spelling(other)).toMatch(/^[ -~]+$/);
});
