/**
 * Text that a program or a server of somebody else has written, as JSON, Postgres and every reader take it: at most `limit`
 * UTF-16 code units, with U+FFFD for NUL, which Postgres stores in no text, and for halves of characters, also those
 * that the cut leaves.
 */
export const foreignText = (text: string, limit: number): string =>
  Buffer.from(text.slice(0, limit).replaceAll('\0', '\ufffd')).toString();

/** As `foreignText`, with an ellipsis in place of what was cut off. */
export const boundedText = (text: string, limit: number): string =>
  text.length <= limit ? foreignText(text, limit) : `${foreignText(text, limit - 1)}…`;
