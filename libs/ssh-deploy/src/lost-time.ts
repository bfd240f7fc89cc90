const TICK_MS = 100;
/** A tick that comes so late was held up with its process, milliseconds. */
const HELD_UP_MS = 500;

export interface LostTime {
  /** Milliseconds in which this process has stood still since it is watched, the present moment included. */
  readonly ms: () => number;
  readonly stop: () => void;
}

/** Watches for moments in which this process stands still: what it waits for then cannot be seen in time. Stop it. */
export function watchLostTime(): LostTime {
  let tickedAt = performance.now();
  let lostMs = 0;
  // Whoever asks may be served before the tick that is due.
  const ms = (): number => {
    const lateMs = performance.now() - tickedAt - TICK_MS;
    return lostMs + (lateMs > HELD_UP_MS ? lateMs : 0);
  };
  const timer = setInterval(() => {
    lostMs = ms();
    tickedAt = performance.now();
  }, TICK_MS).unref();
  return { ms, stop: () => clearInterval(timer) };
}
