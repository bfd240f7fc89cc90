import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Readable } from 'node:stream';
import { AppError } from '@viw/runtime';
import { plainLine } from './terminal-text';

export interface TerminalDeps {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

const INPUT_MAX = 1_048_576;

/** The person or the program at the other end. */
export class Terminal {
  constructor(private readonly deps: TerminalDeps) {}

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

  /** Asks without showing what is typed. @throws AppError BAD_REQUEST when it is broken off */
  async secret(question: string): Promise<string> {
    this.deps.stderr.write(`${plainLine(question)}: `);
    // readline writes what it shows to `output`: there it is shown to nobody.
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({ input: this.deps.stdin, output: nowhere, terminal: true });
    const brokenOff = new Promise<never>((_, reject) => {
      const refuse = (): void => reject(new AppError('BAD_REQUEST', 'broken off; nothing was sent'));
      lines.once('SIGINT', refuse);
      lines.once('close', refuse);
    });
    try {
      return await Promise.race([lines.question(''), brokenOff]);
    } finally {
      brokenOff.catch(() => undefined);
      lines.close();
      this.deps.stderr.write('\n');
    }
  }
}
