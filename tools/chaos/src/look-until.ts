import { setTimeout as pause } from 'node:timers/promises';

/**
 * Looks again until what is seen will do or the time is over; the last look counts. A look that fails is made again:
 * a server may still be on its way back.
 */
export async function lookUntil<T>(
  willDo: (seen: T) => boolean,
  look: () => Promise<T>,
  { withinMs, everyMs }: { readonly withinMs: number; readonly everyMs: number },
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look().catch((error: unknown) => {
      if (performance.now() > deadline) throw error;
      return undefined;
    });
    if (seen !== undefined && (willDo(seen) || performance.now() > deadline)) return seen;
    await pause(everyMs);
  }
}
