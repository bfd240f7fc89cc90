import { visibleText } from './visible-text';

/**
 * Text of others in quotes, of which no two read alike: where there is more than ASCII, or a run of spaces, which a page draws as
 * one, its spelling in ASCII follows: letters of other alphabets look like these, and some turn the direction of reading.
 * `"berlin"`, `"Köln" ("K\u{f6}ln")`.
 */
export const quotedText = (text: string): string => {
  const quoted = JSON.stringify(text);
  const spelt = quoted.replace(
    /[^\x20-\x7e]|(?<= ) /gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return spelt === quoted ? quoted : `${visibleText(quoted)} (${spelt})`;
};
