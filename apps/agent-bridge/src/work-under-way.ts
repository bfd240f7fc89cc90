/** Work that was begun and that a graceful stop waits for. The promises given to it must not reject. */
export class WorkUnderWay {
  readonly #promises = new Set<Promise<unknown>>();

  track(work: Promise<unknown>): void {
    const tracked = work.finally(() => this.#promises.delete(tracked));
    this.#promises.add(tracked);
  }

  /** Resolves when nothing is under way, including what was begun meanwhile, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#promises.size > 0 && performance.now() < deadline) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>(
        (resolve) => (timer = setTimeout(resolve, deadline - performance.now())),
      );
      await Promise.race([Promise.all(this.#promises), late]);
      clearTimeout(timer);
    }
  }
}
