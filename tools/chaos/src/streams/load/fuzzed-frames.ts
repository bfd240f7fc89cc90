import { agentFrame, frameContracts } from '@viw/contracts';
import type { Chance } from '../../chance';
import { damaged } from './fuzz';

const healthy = frameContracts.filter(({ from }) => from === 'agent').map(({ example }) => example as object);

const oddValues: readonly unknown[] = [
  null,
  -1,
  '',
  '\u0000',
  [],
  {},
  true,
  2 ** 60,
  'x'.repeat(10_000),
  { toString: 1 },
];

/** A frame of an agent that no hub may accept: its text damaged, or one of its values odd. Some are binary. */
export function fuzzedFrame(chance: Chance): string | Buffer {
  for (;;) {
    const text =
      chance.next() < 0.5 ? oddMember(chance) : damaged(JSON.stringify(chance.pick(healthy)), chance);
    if (isAcceptable(text)) continue;
    return chance.next() < 0.05 ? Buffer.from(text) : text;
  }
}

function oddMember(chance: Chance): string {
  const frame = chance.pick(healthy);
  return JSON.stringify({ ...frame, [chance.pick(Object.keys(frame))]: chance.pick(oddValues) });
}

function isAcceptable(text: string): boolean {
  try {
    return agentFrame.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}
