import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import { AppError } from '@viw/runtime';
import { plainLine } from './terminal-text';

export interface QuestionsDeps {
  readonly stdin: Readable;
  readonly stderr: Writable;
  /** Ends the process as Ctrl-C ends one that does not read its keys itself. */
  readonly interrupt: () => void;
}

/**
 * Asks a person, one question after the other. Lines that come early are answers to later ones. Ends with `close`. The
 * terminal is held until then, so that nothing that is typed ahead is shown. Ctrl-C breaks off the question that is
 * asked, and all later ones; while none is asked it interrupts.
 */
export class Questions {
  readonly #deps: QuestionsDeps;
  readonly #early: string[] = [];
  #lines: Interface | undefined;
  #isShown = false;
  #isOver = false;
  #waiting: { readonly answered: (line: string) => void; readonly brokenOff: () => void } | undefined;

  constructor(deps: QuestionsDeps) {
    this.#deps = deps;
  }

  /** @param isShown what is typed @throws AppError BAD_REQUEST when it is broken off */
  async ask(question: string, { isShown }: { readonly isShown: boolean }): Promise<string> {
    const lines = (this.#lines ??= this.#open());
    const early = this.#early.shift();
    // One that is closed must not be used again: it would read on, and keep the process.
    if (this.#isOver) return early ?? Promise.reject(brokenOff());
    const text = `${plainLine(question)}: `;
    this.#isShown = isShown;
    if (isShown) lines.setPrompt(text);
    else this.#deps.stderr.write(text);
    try {
      return await new Promise<string>((resolve, reject) => {
        if (isShown) lines.prompt();
        if (early !== undefined) resolve(early);
        else this.#waiting = { answered: resolve, brokenOff: () => reject(brokenOff()) };
      });
    } finally {
      this.#waiting = undefined;
      // What was typed has ended its own line.
      if (!isShown) this.#deps.stderr.write('\n');
      this.#isShown = false;
    }
  }

  /** What was typed until now answers nothing. */
  forget(): void {
    this.#early.length = 0;
    // Keys of readline: to the end of the line, and all before it away.
    if (!this.#isOver) for (const name of ['e', 'u']) this.#lines?.write(null, { ctrl: true, name });
  }

  close(): void {
    this.#lines?.close();
  }

  #open(): Interface {
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (this.#isShown) this.#deps.stderr.write(chunk);
        done();
      },
    });
    const lines = createInterface({ input: this.#deps.stdin, output, terminal: true, historySize: 0 });
    const over = (): void => {
      this.#isOver = true;
      this.#waiting?.brokenOff();
    };
    return lines
      .on('line', (line) => this.#take(line))
      .on('SIGINT', () => {
        const isAsked = this.#waiting !== undefined;
        lines.close();
        if (!isAsked) this.#deps.interrupt();
      })
      .on('close', over);
  }

  /** What follows in the same moment is another answer, and not shown. */
  #take(line: string): void {
    this.#isShown = false;
    if (this.#waiting === undefined) this.#early.push(line);
    else this.#waiting.answered(line);
    this.#waiting = undefined;
  }
}

const brokenOff = (): AppError => new AppError('BAD_REQUEST', 'broken off; nothing was done');
