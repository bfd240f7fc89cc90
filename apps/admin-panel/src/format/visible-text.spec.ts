import { visibleText } from './visible-text';

test.each([
  ['Grüße, 東京 🙂', 'Grüße, 東京 🙂'],
  ['anna\npassword=x', 'anna\\u{a}password=x'],
  ['gw-\u202e1-nilreb', 'gw-\\u{202e}1-nilreb'],
  ['a\u200bb\u2028c\u0007', 'a\\u{200b}b\\u{2028}c\\u{7}'],
])('%j is shown as %j', (text, shown) => expect(visibleText(text)).toBe(shown));

test('a text of several lines keeps them, and nothing else', () =>
  expect(visibleText('one\ntwo\r\n\u2066three', { lines: true })).toBe('one\ntwo\\u{d}\n\\u{2066}three'));
