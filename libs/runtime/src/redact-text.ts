export const REDACTED = '[redacted]';

const SECRET_WORDS =
  'password|passwd|passphrase|userpass|secret|token|api[_-]?key|hmac[_-]?key|private[_-]?key|authorization|cookie|jws';

// A quoted value (its closing quote may be cut off) or a bare word. JSON inside JSON has `\"` for `"`.
const VALUE = String.raw`(?:\\?"(?:[^"\\]|\\.)*"?|'[^']*'?|(?:(?:Bearer|Basic)\s+)?[^\s,;&"'}\]]+)`;

/**
 * Each pattern runs in linear time on any input: the text may come from an attacker (a frame, a script's output).
 * Removing too much is accepted, leaving a secret is not.
 */
const PATTERNS: ReadonlyArray<readonly [RegExp, string]> = [
  // Also a block whose end is cut off.
  [
    /-----BEGIN [A-Za-z0-9 ]{0,40}(?:PRIVATE KEY|Static key V\d)-----[\s\S]*?(?:-----END [A-Za-z0-9 ]{0,60}-----|$)/g,
    REDACTED,
  ],
  // API keys: the id stays, it says which key to revoke.
  [/(viw_[A-Za-z0-9-]{1,64})_[A-Za-z0-9_-]{8,}/g, `$1_${REDACTED}`],
  // Compact JWS, JWT and JWE.
  [/(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2,4}/g, REDACTED],
  [/\b(Bearer)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  // Credentials in a URL, as in redis://user:password@host.
  [/(\/\/[^\s/:@]*):[^\s/@]+@/g, `$1:${REDACTED}@`],
  [new RegExp(String.raw`(${SECRET_WORDS})((?:\\?["'])?\s*[=:]\s*)${VALUE}`, 'gi'), `$1$2${REDACTED}`],
  // `key` alone is too common a word before a colon in prose: only `key=` and `"key":`.
  [new RegExp(String.raw`((?<![\w-])key)(=|\\?["']\s*:\s*)${VALUE}`, 'gi'), `$1$2${REDACTED}`],
];

/** Removes what looks like a secret from free text: error messages, output of programs, log messages. */
export function redactText(text: string): string {
  let result = text;
  for (const [pattern, replacement] of PATTERNS) result = result.replace(pattern, replacement);
  return result;
}
