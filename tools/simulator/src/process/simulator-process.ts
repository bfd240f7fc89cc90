import { type ChildProcess, fork } from 'node:child_process';
import type { RoleName, Roles } from '../roles';
import type { Call, Reply } from './messages';

type Method<R extends RoleName, K extends keyof Roles[R]> = Extract<
  Roles[R][K],
  (...args: never[]) => unknown
>;

interface Waiting {
  readonly resolve: (value: unknown) => void;
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
    ...args: Parameters<Method<R, K>>
  ): ReturnType<Method<R, K>> {
    const id = ++this.#calls;
    const answer = new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error('the simulator has ended'));
      this.#waiting.set(id, { resolve, reject });
      const [argument] = args as readonly unknown[];
      this.#child.send({ id, method, argument } satisfies Call);
    });
    return answer as ReturnType<Method<R, K>>;
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
    else waiting?.resolve(reply.value);
  }
}
