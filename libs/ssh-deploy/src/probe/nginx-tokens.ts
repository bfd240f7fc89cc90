export interface NginxToken {
  readonly text: string;
  /** `{`, `}` or `;`. */
  readonly sign: boolean;
}

const SIGNS = '{};';
const SPACE = /\s/;

/** Strings, words, and the three signs; comments are left out. In linear time: the text may be made to take long. */
export function nginxTokensOf(text: string): NginxToken[] {
  const tokens: NginxToken[] = [];
  const lastBrace = text.lastIndexOf('}');
  const add = (from: number, to: number): void => {
    tokens.push({ text: text.slice(from, to).replace(/\\(["'\\ ])/g, '$1'), sign: false });
  };
  for (let at = 0; at < text.length;) {
    const first = text.charAt(at);
    if (SPACE.test(first)) at += 1;
    else if (SIGNS.includes(first)) {
      tokens.push({ text: first, sign: true });
      at += 1;
    } else if (first === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (first === '"' || first === "'") {
      const end = endOfString(text, at);
      add(at + 1, end);
      at = end + 1;
    } else {
      const end = endOfWord(text, at, lastBrace);
      add(at, end);
      at = end;
    }
  }
  return tokens;
}

/** Where the quote is that ends the string begun at `at`, or the text's end. */
function endOfString(text: string, at: number): number {
  const quote = text.charAt(at);
  for (let index = at + 1; index < text.length; index += text.charAt(index) === '\\' ? 2 : 1)
    if (text.charAt(index) === quote) return index;
  return text.length;
}

/** `${name}` belongs to a word, other braces end it. */
function endOfWord(text: string, at: number, lastBrace: number): number {
  let index = at;
  while (index < text.length) {
    const one = text.charAt(index);
    if (one === '\\') index += 2;
    else if (one === '$' && text.charAt(index + 1) === '{' && index < lastBrace)
      index = text.indexOf('}', index) + 1;
    else if (SPACE.test(one) || SIGNS.includes(one)) break;
    else index += 1;
  }
  return Math.min(index, text.length);
}
