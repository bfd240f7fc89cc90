import type { Chance } from '../../chance';

const oddities = [
  '\u0000',
  '\ufeff',
  '\u202e',
  '{',
  '"',
  '\\',
  '-1',
  '1e999',
  'null',
  '[[]]',
  '💥',
  '../../etc/passwd',
];

/** The text with something odd in one place, and up to 8 characters less. */
export function damaged(text: string, chance: Chance): string {
  const cut = chance.int(0, text.length);
  return wellFormed(text.slice(0, cut) + chance.pick(oddities) + text.slice(cut + chance.int(0, 8)));
}

/** What Redis and sockets give back is what was sent only without halves of surrogate pairs. */
const wellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
