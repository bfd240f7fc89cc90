/** What came of one leg: frames per second offered, and stored meanwhile. */
export interface Step {
  readonly offered: number;
  readonly stored: number;
}

/** Below this share of what is offered a hub is saturated. */
const KEEPS_UP = 0.9;
const GROWTH = 1.6;

export const isSaturated = ({ offered, stored }: Step): boolean => stored < KEEPS_UP * offered;

/**
 * Offers more and more until it is not taken any more, twice in a row, or until the sender itself cannot keep its
 * schedule. A cold hub and a busy moment of the machine so do not count as its limit.
 * @param leg runs one step at an offered rate; `offered` of its answer is what the sender really managed
 * @returns the highest rate stored in any step
 */
export async function findSaturation(
  { firstPerSecond, maxSteps = 12 }: { readonly firstPerSecond: number; readonly maxSteps?: number },
  leg: (perSecond: number) => Promise<Step>,
): Promise<number> {
  let best = 0;
  let perSecond = firstPerSecond;
  let failed = false;
  for (let step = 0; step < maxSteps; step++) {
    const { offered, stored } = await leg(Math.round(perSecond));
    best = Math.max(best, stored);
    const fails = isSaturated({ offered, stored }) || offered < KEEPS_UP * perSecond;
    if (fails && failed) break;
    failed = fails;
    if (!fails) perSecond *= GROWTH;
  }
  return best;
}
