import { REDACTED, redactAssignments } from './secret-assignment';

export { REDACTED };

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
];

/** More than any honest text needs to come to rest. */
const PASSES_MAX = 8;

function redactOnce(text: string): string {
  let result = text;
  for (const [pattern, replacement] of PATTERNS) result = result.replace(pattern, replacement);
  return redactAssignments(result);
}

/**
 * Removes what looks like a secret from free text: error messages, output of programs, log messages. What has been
 * redacted once stays as it is: `redactText(redactText(x)) === redactText(x)` for every text, since it is repeated until
 * nothing changes; a text made so that this takes long is removed as a whole.
 */
export function redactText(text: string): string {
  let current = text;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const next = redactOnce(current);
    if (next === current) return current;
    current = next;
  }
  return REDACTED;
}
