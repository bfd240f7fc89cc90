/**
 * Text of others as it is, with what nobody would see made visible: control and format characters, among them those that turn
 * the direction of reading, and separators of lines. Whoever decides by it has to see what stands there.
 * @param lines line feeds stay
 */
export const visibleText = (text: string, { lines = false }: { lines?: boolean } = {}): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    lines && character === '\n' ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
