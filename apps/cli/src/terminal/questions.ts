import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Writable } from 'node:stream';
import { AppError } from '@viw/runtime';
import { plainLine } from './terminal-text';

export interface QuestionsDeps {
  readonly stdin: Readable;
  readonly stderr: Writable;
}

/** Asks a person, one question after the other. Lines that come early are answers to later ones. Ends with `close`. */
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
    const text = `${plainLine(question)}: `;
    this.#isShown = isShown;
    if (isShown) lines.setPrompt(text);
    else this.#deps.stderr.write(text);
    try {
      return await new Promise<string>((resolve, reject) => {
        const brokenOff = (): void => reject(new AppError('BAD_REQUEST', 'broken off; nothing was done'));
        if (isShown) lines.prompt();
        const early = this.#early.shift();
        if (early !== undefined) resolve(early);
        else if (this.#isOver) brokenOff();
        else this.#waiting = { answered: resolve, brokenOff };
      });
    } finally {
      this.#waiting = undefined;
      // What was typed has ended its own line.
      if (!isShown) this.#deps.stderr.write('\n');
      this.#isShown = false;
    }
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
      .on('SIGINT', over)
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
