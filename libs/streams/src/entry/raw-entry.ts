/** An entry as Redis returns it. `fields` holds names and values by turns; `undefined`: pending, but deleted from the stream. */
export interface RawEntry {
  readonly id: string;
  readonly fields: readonly string[] | undefined;
}

type EntryReply = [id: string, fields: string[] | null];
type ReadReply = [stream: string, entries: EntryReply[]][] | null;

/** Reply of XRANGE, XCLAIM and of our claim script. */
export const rawEntries = (reply: unknown): RawEntry[] =>
  (reply as EntryReply[]).map(([id, fields]) => ({ id, fields: fields ?? undefined }));

/** Reply of XREAD and XREADGROUP for one stream. Nothing within BLOCK gives an empty list. */
export const readEntries = (reply: unknown): RawEntry[] => {
  const first = (reply as ReadReply)?.[0];
  return first ? rawEntries(first[1]) : [];
};
