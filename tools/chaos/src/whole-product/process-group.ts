import type { ProgramOptions } from '@viw/testing';
import { SupervisedProgram } from '../world/supervised-program';

/** The processes of the world by name, each started again whenever it ends. */
export class ProcessGroup {
  readonly #processes = new Map<string, SupervisedProgram>();

  /** Starts them at the same time and waits until each is ready. */
  async start(programs: readonly ProgramOptions[]): Promise<void> {
    await Promise.all(
      programs.map((program) => {
        const supervised = new SupervisedProgram(program);
        this.#processes.set(program.name, supervised);
        return supervised.start();
      }),
    );
  }

  get(name: string): SupervisedProgram | undefined {
    return this.#processes.get(name);
  }

  get unexpectedEnds(): number {
    return [...this.#processes.values()].reduce((total, each) => total + each.unexpectedEnds, 0);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#processes.values()].map((each) => each.stop()));
  }
}
