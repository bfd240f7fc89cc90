import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from '@viw/streams';
import { eventually } from '@viw/testing';
import type { Planted } from '../ledger/dead-letter-ledger';

/** Bursts are at most so large, and at least so many, so that poison comes during the whole window. */
const BURST = 200;
const BURSTS = 20;

/** Adds entries as they are, spread over the window. Redis may be away; then an entry may be added twice. */
export async function plant(entries: readonly Planted[], windowMs: number, redis: Redis): Promise<void> {
  const start = performance.now();
  const size = Math.min(BURST, Math.ceil(entries.length / BURSTS));
  for (let done = 0; done < entries.length; done += size) {
    const burst = entries.slice(done, done + size);
    const due = (done / entries.length) * windowMs;
    await pause(Math.max(0, due - (performance.now() - start)));
    await eventually(
      () => Promise.all(burst.map(({ stream, fields }) => redis.xadd(stream, '*', ...fields))),
      { timeoutMs: 60_000, everyMs: 200, what: 'planting' },
    );
  }
}
