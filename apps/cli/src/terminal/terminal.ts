import type { Readable, Writable } from 'node:stream';
import { AppError } from '@viw/runtime';
import { Questions } from './questions';
import { plainText } from './terminal-text';

export interface TerminalDeps {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Ends the process as Ctrl-C ends one that does not read its keys itself. */
  readonly interrupt: () => void;
}

const INPUT_MAX = 1_048_576;

/** The person or the program at the other end. */
export class Terminal {
  readonly #questions: Questions;

  constructor(private readonly deps: TerminalDeps) {
    this.#questions = new Questions(deps);
  }

  get stdout(): TerminalDeps['stdout'] {
    return this.deps.stdout;
  }

  /** Whether somebody is there to be asked. */
  get isInteractive(): boolean {
    return this.deps.stdin.isTTY === true && this.deps.stderr.isTTY === true;
  }

  /** All of standard input. @throws AppError BAD_REQUEST beyond 1 MiB */
  async input(): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.deps.stdin as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > INPUT_MAX) throw new AppError('BAD_REQUEST', 'standard input holds more than 1 MiB');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  /** @throws AppError BAD_REQUEST when it is broken off */
  ask(question: string): Promise<string> {
    return this.#questions.ask(question, { isShown: true });
  }

  /** Without showing what is typed. @throws AppError BAD_REQUEST when it is broken off */
  secret(question: string): Promise<string> {
    return this.#questions.ask(question, { isShown: false });
  }

  /** What a person has to have seen, also where the answer is for a program. */
  show(text: string): void {
    this.deps.stderr.write(`${plainText(text)}\n`);
  }

  /**
   * Shows it and asks; what was typed before it was shown is no answer.
   * @throws AppError BAD_REQUEST when the answer is not "yes"
   */
  async confirm(text: string, question: string): Promise<void> {
    this.#questions.forget();
    this.show(text);
    if ((await this.ask(`${question} Type yes`)).trim() === 'yes') return;
    throw new AppError('BAD_REQUEST', 'the answer was not "yes"; nothing was done');
  }

  /** Nobody is asked any more. */
  close(): void {
    this.#questions.close();
  }
}
