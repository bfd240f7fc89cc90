/** An entry that has to end in the dead-letter stream, known by the field `mark` that was added to it. */
export interface Planted {
  readonly mark: string;
  readonly stream: string;
  readonly fields: readonly string[];
}

export interface DeadLetterFindings {
  readonly planted: number;
  /** Planted entries found, each counted once: setting aside is at-least-once. */
  readonly found: number;
  /** Set aside although nobody planted it, or not as it was planted. */
  readonly unplanted: number;
  readonly examples: readonly string[];
}

/** @param dead entries of all dead-letter streams: the stream they came from and their original fields */
export function auditDeadLetters(
  planted: readonly Planted[],
  dead: readonly { stream: string; fields: readonly string[]; reason: string }[],
): DeadLetterFindings {
  const expected = new Map(planted.map((entry) => [entry.mark, entry]));
  const found = new Set<string>();
  const examples: string[] = [];
  let unplanted = 0;
  for (const { stream, fields, reason } of dead) {
    const origin = expected.get(fields[fields.lastIndexOf('mark') + 1] ?? '');
    if (origin && origin.stream === stream && JSON.stringify(origin.fields) === JSON.stringify(fields)) {
      found.add(origin.mark);
    } else {
      unplanted += 1;
      if (examples.length < 5) examples.push(`dead letter that nobody planted in ${stream}: ${reason}`);
    }
  }
  const missing = planted.filter(({ mark }) => !found.has(mark));
  examples.push(...missing.slice(0, 5).map(({ mark }) => `planted and not set aside: ${mark}`));
  return { planted: planted.length, found: found.size, unplanted, examples };
}
