/** JSON on one line becomes indented JSON; everything else stays as it came. */
export const readable = (text: string): string => {
  const trimmed = text.trim();
  if (!/^[{[]/.test(trimmed)) return text;
  try {
    return JSON.stringify(JSON.parse(trimmed), undefined, 2);
  } catch {
    return text;
  }
};
