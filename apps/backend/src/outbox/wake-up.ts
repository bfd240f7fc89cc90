import { sleep } from '@viw/runtime';

/** A bell that one loop waits for. Ringing while nobody waits is remembered. */
export class WakeUp {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves when rung, after `ms`, or when the signal is aborted. Never rejects. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung) {
      const rung = new AbortController();
      this.#wake = () => rung.abort();
      await sleep(ms, AbortSignal.any([signal, rung.signal])).catch(() => undefined);
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}
