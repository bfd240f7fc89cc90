import { limits } from '@viw/contracts';
import { redactValues } from '@viw/commands';
import { redactText } from '@viw/runtime';

/** Read beyond the limit, so that a secret that lies across it is seen whole before it is removed. */
const SLACK_BYTES = 8 * 1024;
export const collectedBytes = limits.outputBytes + SLACK_BYTES;

/** Two outputs of this size, as JSON, leave room for the rest of a RESULT frame (256 KiB). */
const JSON_BYTES_MAX = 96 * 1024;

/** Longest spelling of a byte of a secret: percent-encoding. */
const SPELLING_FACTOR = 3;

export interface SafeOutput {
  readonly text: string;
  readonly truncated: boolean;
}

/**
 * Output as it may leave the host: the command's secrets removed by value, what looks like one by pattern, and cut to
 * 64 KiB (less where JSON needs many escapes).
 *
 * @param cut true when the program wrote more than was collected
 */
export function safeOutput(raw: string, secrets: readonly string[], cut: boolean): SafeOutput {
  let text = redactText(redactValues(raw, secrets));
  if (cut) {
    // The end may hold the first half of a secret that no longer matches.
    const longest = Math.max(0, ...secrets.map((secret) => Buffer.byteLength(secret)));
    text = text.slice(0, Math.max(0, text.length - longest * SPELLING_FACTOR));
  }
  const kept = clamp(text);
  return { text: kept, truncated: cut || kept.length < text.length };
}

/** Cuts at a character. */
function clamp(text: string): string {
  let kept = cutAt(text, limits.outputBytes);
  for (;;) {
    const excess = Math.max(
      Buffer.byteLength(kept) / limits.outputBytes,
      Buffer.byteLength(JSON.stringify(kept)) / JSON_BYTES_MAX,
    );
    if (excess <= 1) return kept;
    kept = cutAt(kept, Math.floor((kept.length / excess) * 0.99));
  }
}

/** Never leaves half of a surrogate pair. */
function cutAt(text: string, length: number): string {
  const cut = text.slice(0, length);
  return length < text.length ? cut.replace(/[\ud800-\udbff]$/, '') : cut;
}
