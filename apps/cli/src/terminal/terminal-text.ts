/**
 * Texts come from hosts, servers and whoever names things. None of them may move the cursor, change a title or the
 * direction of what is read: control and format characters are shown as what they are.
 */
const escaped = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`;

/** Several lines: newline and tab stay. */
export const plainText = (text: string): string =>
  text.replaceAll('\r\n', '\n').replace(/[^\P{C}\n\t]/gu, escaped);

/** One line. */
export const plainLine = (text: string): string => text.replace(/\p{C}/gu, escaped);

/** JSON that says the same and shows nothing but visible characters and newlines. */
export const plainJson = (value: unknown): string =>
  JSON.stringify(value, undefined, 2).replace(/[^\P{C}\n]/gu, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
