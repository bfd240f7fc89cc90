import { type ChildProcess, fork } from 'node:child_process';
import type { RoleName, Roles } from '../roles';
import type { Reply } from './messages';

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** A child process that plays one role; it ends with its channel. */
export class SimulatorProcess<R extends RoleName> {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  /** @param bundle of this package */
  constructor({ role, bundle }: { readonly role: R; readonly bundle: string }) {
    this.#child = fork(bundle, [role], {
      execArgv: [],
      env: { PATH: process.env['PATH'] ?? '' },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (reply: Reply) => this.#answered(reply));
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        for (const { reject } of this.#waiting.values())
          reject(new Error(`a simulator (${role}) has ended: code ${code}, signal ${signal}`));
        this.#waiting.clear();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** @throws Error what the role threw, or when the process has ended */
  call<K extends keyof Roles[R] & string>(
    method: K,
    ...args: Roles[R][K] extends (...args: infer A) => unknown ? A : never
  ): Roles[R][K] extends (...args: never[]) => infer P ? P : never {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      if (this.#child.exitCode !== null || !this.#child.connected)
        return reject(new Error('the simulator has ended'));
      this.#child.send({ id, method, argument: args[0] });
    }) as ReturnType<SimulatorProcess<R>['call']> as never;
  }

  /** At once: simulated agents do not say goodbye. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  #answered(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.value as never);
  }
}
