const parts = (id: string): [ms: bigint, seq: bigint] => {
  const [ms = '0', seq = '0'] = id.split('-');
  return [BigInt(ms), BigInt(seq)];
};

/** Order of two stream ids (`<ms>-<seq>`, 64 bits each): negative, 0 or positive. */
export function compareEntryIds(a: string, b: string): number {
  const [aMs, aSeq] = parts(a);
  const [bMs, bSeq] = parts(b);
  if (aMs !== bMs) return aMs < bMs ? -1 : 1;
  if (aSeq === bSeq) return 0;
  return aSeq < bSeq ? -1 : 1;
}

/** Before every entry. */
export const firstId = '0-0';
