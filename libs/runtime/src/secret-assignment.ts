export const REDACTED = '[redacted]';

const SECRET_WORDS =
  'password|passwd|passphrase|userpass|secret|token|api[_-]?key|hmac[_-]?key|private[_-]?key|authorization|cookie|jws';

/** What leads to a secret value: a name, its closing quote if it has one, and the sign between. */
const LEADS: readonly RegExp[] = [
  new RegExp(String.raw`(?:${SECRET_WORDS})(\\*["'])?\s*[=:]\s*`, 'gi'),
  // `key` alone is too common a word before a colon in prose: only `key=` and `"key":`.
  /(?<![\w-])key(?:=|(\\*["'])\s*:\s*)/gi,
];

/** A word, up to what ends it in a list, a URL or JSON. What has been redacted before is part of it. */
const BARE = /(?:(?:Bearer|Basic)\s+)?(?:\[redacted\]|[^\s,;&"'}\]\\]|\\+(?![\\"']))*/iy;

const OPENING_QUOTE = /\\*["']/y;
const ESCAPED = /\\*"?/y;

interface Removed {
  /** Where the text goes on. */
  readonly end: number;
  /** In place of what stood before that. */
  readonly shown: string;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const backslashesBefore = (text: string, at: number, from: number): number => {
  let start = at;
  while (start > from && text[start - 1] === '\\') start--;
  return at - start;
};

/**
 * End of a quoted text that begins at `from`, behind its opening quote. JSON inside JSON writes a quote with one more
 * layer of escapes each time: with n backslashes before the quotes of a text, those inside it have 2n + 1, those of the
 * text around it fewer than n. Both quotes and backslashes of the content come in units of 2(n + 1).
 */
function quotedEnd(text: string, from: number, opening: string): { end: number; closed: boolean } {
  const quote = opening.slice(-1);
  const own = opening.length - 1;
  const unit = 2 * (own + 1);
  for (let at = text.indexOf(quote, from); at !== -1; at = text.indexOf(quote, at + 1)) {
    if (quote === "'") return { end: at + 1, closed: true };
    const escapes = backslashesBefore(text, at, from) % unit;
    if (escapes === own) return { end: at + 1, closed: true };
    // The text around ends here: ours was cut off.
    if (escapes !== unit - 1) return { end: at - escapes, closed: false };
  }
  return { end: text.length, closed: false };
}

/**
 * End of a JSON list or object, or of the text around when its brackets do not match.
 *
 * @param own backslashes before the quotes of its layer
 */
function bracketsEnd(text: string, from: number, own: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '[' || char === '{') depth++;
    else if ((char === ']' || char === '}') && --depth === 0) return at + 1;
    else if (char === '"' || char === '\\') {
      const opening = matchAt(ESCAPED, text, at) ?? '';
      if (!opening.endsWith('"')) at += opening.length - 1;
      else if (opening.length <= own) return at;
      else at = quotedEnd(text, at + opening.length, opening).end - 1;
    }
  }
  return text.length;
}

/** @param nameQuote closing quote of the name: what stands in place of a bare value wears the same */
function removeValue(text: string, from: number, nameQuote: string): Removed {
  const opening = matchAt(OPENING_QUOTE, text, from);
  if (opening !== undefined) {
    const { end, closed } = quotedEnd(text, from + opening.length, opening);
    return { end, shown: `${opening}${REDACTED}${closed ? opening : ''}` };
  }
  const listed = /[[{]/.test(text[from] ?? '') && !text.startsWith(REDACTED, from);
  const end = listed
    ? bracketsEnd(text, from, Math.max(0, nameQuote.length - 1))
    : from + (matchAt(BARE, text, from) ?? '').length;
  return { end, shown: end === from ? '' : `${nameQuote}${REDACTED}${nameQuote}` };
}

function redactAfter(lead: RegExp, text: string): string {
  const parts: string[] = [];
  let shownUpTo = 0;
  lead.lastIndex = 0;
  for (let match = lead.exec(text); match !== null; match = lead.exec(text)) {
    const { end, shown } = removeValue(text, lead.lastIndex, match[1] ?? '');
    parts.push(text.slice(shownUpTo, lead.lastIndex), shown);
    shownUpTo = end;
    lead.lastIndex = end;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(shownUpTo);
}

/**
 * Removes values that stand behind the name of a secret, as in `password=…`, `"token": "…"` or `Authorization: Bearer …`.
 * Quotes stay, also those of JSON inside JSON, so that JSON stays JSON. Takes linear time.
 */
export const redactAssignments = (text: string): string =>
  LEADS.reduce((result, lead) => redactAfter(lead, result), text);
