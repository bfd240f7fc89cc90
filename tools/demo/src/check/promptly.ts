/** From click to the last hub. */
const PROMPT_MS = 5_000;

/**
 * Does the same by several ways until one was prompt. A machine that stands still for a moment breaks no promise; a product that
 * is slow is so by each of them.
 * @param between what leads back to where the next one begins
 * @throws Error naming the times when none was; whatever a way throws
 */
export async function promptly(
  what: string,
  ways: readonly (() => Promise<void>)[],
  between: () => Promise<void> = async () => undefined,
): Promise<void> {
  const took: number[] = [];
  for (const way of ways) {
    if (took.length > 0) await between();
    const begun = performance.now();
    await way();
    const ms = performance.now() - begun;
    if (ms <= PROMPT_MS) return;
    took.push(ms);
  }
  const seconds = took.map((ms) => (ms / 1_000).toFixed(1)).join(', ');
  throw new Error(`${what} took ${seconds} s instead of ${PROMPT_MS / 1_000}`);
}
