/** A piece of one unit's log. */
export interface LogPage {
  readonly lines: string[];
  /** Behind the last of `lines`; null when there is nothing yet. */
  readonly nextCursor: string | null;
  /** There was more than fitted. */
  readonly truncated: boolean;
}

export interface LogQuery {
  /** On the allowlist. */
  readonly unit: string;
  readonly lines: number;
  readonly sinceCursor?: string | undefined;
}

/**
 * Without a cursor: the newest lines. With one: the oldest of those after it, so that a reader that follows misses
 * none. Safe for concurrent use.
 */
export interface LogSource {
  /** @throws AppError VALIDATION_FAILED for a cursor that is not one of its own; NOT_FOUND for an unknown unit */
  read(query: LogQuery): Promise<LogPage>;
}

/** All lines of an answer together, in UTF-8 bytes: room for JSON's escapes is left below the output limit. */
const PAGE_BYTES = 40 * 1_024;
const LINE_CHARACTERS = 4 * 1_024;

const bytesOf = (line: string): number => Buffer.byteLength(JSON.stringify(line)) + 1;

/** Takes as many entries as fit, from the end (newest) or from the start. Overlong lines are cut with a mark. */
export function fitPage<Entry extends { readonly line: string }>(
  entries: readonly Entry[],
  lines: number,
  from: 'start' | 'end',
): { entries: Entry[]; truncated: boolean } {
  const ordered = from === 'start' ? [...entries] : [...entries].reverse();
  const fitting: Entry[] = [];
  let size = 0;
  for (const entry of ordered) {
    const line =
      entry.line.length > LINE_CHARACTERS ? `${entry.line.slice(0, LINE_CHARACTERS)} [cut]` : entry.line;
    size += bytesOf(line);
    if (fitting.length >= lines || size > PAGE_BYTES) break;
    fitting.push({ ...entry, line });
  }
  const wanted = Math.min(lines, entries.length);
  // Following, entries left over are simply the next page; looking back, being short of the wish is a truncation.
  const truncated = from === 'start' ? fitting.length < entries.length : fitting.length < wanted;
  return { entries: from === 'start' ? fitting : fitting.reverse(), truncated };
}
