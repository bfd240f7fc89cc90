import type { DeadLetterPlace } from '@viw/streams';

const MAX_PART = 2n ** 64n - 1n;

/** The `id` of a dead letter in the API; also the cursor behind it. */
export const referenceOf = ({ stream, deadId }: DeadLetterPlace): string =>
  Buffer.from(`${deadId}@${stream}`).toString('base64url');

/** Undefined for what `referenceOf` cannot have made. Whether there is such a stream is not looked at. */
export function placeOf(reference: string): DeadLetterPlace | undefined {
  const text = Buffer.from(reference, 'base64url').toString('utf8');
  const [, ms, seq, stream] = /^(\d{1,20})-(\d{1,20})@(viw\.[\x21-\x7e]{1,250})$/.exec(text) ?? [];
  if (ms === undefined || seq === undefined || stream === undefined) return undefined;
  const place = { stream, deadId: `${ms}-${seq}` };
  const inRange = BigInt(ms) <= MAX_PART && BigInt(seq) <= MAX_PART && BigInt(ms) + BigInt(seq) > 0n;
  return inRange && referenceOf(place) === reference ? place : undefined;
}
