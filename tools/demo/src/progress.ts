/** Says what the demo is doing and how long it took, one line a step. Writes to standard error: people read it. */
export class Progress {
  readonly #started = Date.now();

  /** @param ending once aborted, no further step begins */
  constructor(
    private readonly out: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
    private readonly ending?: AbortSignal,
  ) {}

  /** @throws the reason of `ending`; whatever the work throws */
  async step<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.ending?.throwIfAborted();
    const from = Date.now();
    try {
      const result = await work();
      this.out(`  ✓ ${what.padEnd(56)} ${seconds(Date.now() - from)}`);
      return result;
    } catch (error) {
      this.out(`  ✗ ${what.padEnd(56)} ${seconds(Date.now() - from)}`);
      throw error;
    }
  }

  say(line: string): void {
    this.out(line);
  }

  elapsed(): string {
    return seconds(Date.now() - this.#started).trim();
  }
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`.padStart(8);
