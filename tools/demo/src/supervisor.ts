import { setTimeout as pause } from 'node:timers/promises';
import type { Program, Server } from '@viw/testing';

export interface SupervisedProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: string | null;
}

interface Watched {
  readonly name: string;
  readonly log: string | null;
  current: () => Program;
  relaunch: () => Promise<void>;
  stop: () => Promise<void>;
}

/**
 * Keeps programs running: one that dies is started again (after 0.2 s, doubling to 5 s while it keeps dying), and the
 * demo says so. `stop` ends all of them in the reverse order of their start and waits for the end of each.
 */
export class Supervisor {
  readonly #watched: Watched[] = [];
  readonly #stopping = new AbortController();

  constructor(private readonly deps: { say: (line: string) => void; changed: () => Promise<void> }) {}

  /** A program that `launch` starts, now and after each death. */
  async program(name: string, log: string, launch: () => Promise<Program>): Promise<void> {
    let program = await launch();
    this.#watch({
      name,
      log,
      current: () => program,
      relaunch: async () => {
        program = await launch();
      },
      stop: async () => {
        await program.stop();
      },
    });
  }

  /** A server that has been started and can start itself again on the same data and port. */
  server(name: string, log: string | null, server: Server): void {
    this.#watch({
      name,
      log,
      current: () => server.program,
      relaunch: () => server.restart(),
      stop: () => server.stop(),
    });
  }

  processes(): SupervisedProcess[] {
    return this.#watched.map((each) => ({ name: each.name, pid: each.current().pid, log: each.log }));
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    for (const each of this.#watched.toReversed()) await each.stop();
  }

  #watch(watched: Watched): void {
    this.#watched.push(watched);
    void this.#keepRunning(watched);
  }

  async #keepRunning(watched: Watched): Promise<void> {
    const { signal } = this.#stopping;
    let waitMs = 200;
    for (;;) {
      const startedAt = Date.now();
      const { code, signal: by } = await watched.current().exited;
      if (signal.aborted) return;
      if (Date.now() - startedAt > 30_000) waitMs = 200;
      this.deps.say(`  ! ${watched.name} ended (${by ?? `code ${String(code)}`}); starting it again`);
      for (let running = false; !running && !signal.aborted; waitMs = Math.min(waitMs * 2, 5_000)) {
        await pause(waitMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        running = await watched.relaunch().then(
          () => true,
          (error: unknown) => {
            this.deps.say(
              `  ! ${watched.name} does not start: ${error instanceof Error ? error.message : String(error)}`,
            );
            return false;
          },
        );
      }
      // A stop that came while it was being started has ended the earlier run only.
      if (signal.aborted) return void (await watched.stop());
      this.deps.say(`  ✓ ${watched.name} runs again (pid ${watched.current().pid})`);
      await this.deps.changed();
    }
  }
}
