import { setTimeout as pause } from 'node:timers/promises';
import { OpenLoop } from '@viw/simulator';

const TICK_MS = 10;

/** Calls `act` at a fixed rate; after a stall it catches up. */
export async function openLoop(perSecond: number, durationMs: number, act: () => void): Promise<void> {
  const loop = new OpenLoop({ perSecond, durationMs, startAt: performance.now() });
  while (!loop.finished) {
    for (let due = loop.take(performance.now()); due > 0; due--) act();
    if (!loop.finished) await pause(TICK_MS);
  }
}
