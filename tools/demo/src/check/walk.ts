import { writeFile } from 'node:fs/promises';
import { type Progress, seconds } from '../progress';

export interface StepReport {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly error?: string;
}

/** Steps one after the other; the first that fails ends the walk. */
export class Walk {
  readonly #steps: StepReport[] = [];

  /** @param ending once aborted, every step fails with its reason, `last` ones excepted */
  constructor(
    private readonly progress: Progress,
    private readonly ending: AbortSignal,
  ) {}

  step<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.last(name, () => {
      this.ending.throwIfAborted();
      return work();
    });
  }

  /** A step that is taken whatever happened before. */
  async last<T>(name: string, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    try {
      const result = await work();
      this.#add({ name, ok: true, ms: performance.now() - from });
      return result;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#add({ name, ok: false, ms: performance.now() - from, error: text });
      throw error;
    }
  }

  get passed(): boolean {
    return this.#steps.every((step) => step.ok);
  }

  summary(): string {
    const failed = this.#steps.filter((step) => !step.ok).length;
    return `${this.#steps.length - failed} passed, ${failed} failed`;
  }

  async write(file: string): Promise<void> {
    await writeFile(file, JSON.stringify({ steps: this.#steps }, null, 2));
  }

  #add(step: StepReport): void {
    this.#steps.push(step);
    this.progress.say(`${step.ok ? 'ok    ' : 'FAILED'} ${step.name.padEnd(62)} ${seconds(step.ms)}`);
    if (step.error !== undefined) this.progress.say(`       ${step.error}`);
  }
}
