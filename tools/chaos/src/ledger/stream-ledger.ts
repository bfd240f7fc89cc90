import type { AuditedEntry } from '../world/auditing-group';

/** What was published, by event id: whether Redis has confirmed it to the producer. */
export type Published = ReadonlyMap<string, { readonly acknowledged: boolean }>;

export interface StreamBooks {
  readonly published: Published;
  /** Marks of planted entries. */
  readonly planted: ReadonlySet<string>;
  /** Entries that others than the load have added for it, such as a hub or a relay. */
  readonly expects: (entry: AuditedEntry) => boolean;
}

export interface StreamFindings {
  /** Entries seen. */
  readonly audited: number;
  /** Entries beyond the first under one event id: resent after a lost reply. */
  readonly resent: number;
  /** Confirmed to the producer and never seen in the stream. */
  readonly lost: number;
  /** Seen, although nobody published it. */
  readonly phantom: number;
  readonly examples: readonly string[];
}

/** Holds what producers believe against what the auditing group has seen. */
export function auditStreams(
  { published, planted, expects }: StreamBooks,
  entries: readonly AuditedEntry[],
): StreamFindings {
  const examples: string[] = [];
  const seen = new Map<string, number>();
  let phantom = 0;
  for (const entry of entries) {
    if (entry.mark !== undefined && planted.has(entry.mark)) continue;
    const { eventId = '' } = entry;
    if (published.has(eventId) || expects(entry)) seen.set(eventId, (seen.get(eventId) ?? 0) + 1);
    else {
      phantom += 1;
      if (phantom <= 5) examples.push(`phantom: entry ${entry.id} of ${entry.stream}`);
    }
  }
  let lost = 0;
  for (const [eventId, { acknowledged }] of published) {
    if (!acknowledged || seen.has(eventId)) continue;
    lost += 1;
    if (lost <= 5) examples.push(`lost: acknowledged event ${eventId} is in no stream`);
  }
  const resent = [...seen.values()].reduce((total, times) => total + times - 1, 0);
  return { audited: entries.length, resent, lost, phantom, examples };
}
