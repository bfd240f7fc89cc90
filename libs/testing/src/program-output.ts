import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';

const kept = 256 * 1024;

/** What a program has written, at most the last 256 KiB of this run. */
export interface ProgramOutput {
  text(): string;
}

/** Collects from pipes. */
export function fromPipes(...pipes: (Readable | null)[]): ProgramOutput {
  let text = '';
  for (const pipe of pipes) {
    pipe?.setEncoding('utf8');
    pipe?.on('data', (piece: string) => {
      text = (text + piece).slice(-kept);
    });
    pipe?.on('error', () => undefined);
  }
  return { text: () => text };
}

/** Reads back a log file that the program itself appends to; what stood in it before this run does not count. */
export function fromLogFile(path: string, start: number): ProgramOutput {
  return {
    text: () => {
      const file = openSync(path, 'r');
      try {
        const end = fstatSync(file).size;
        const from = Math.max(start, end - kept);
        const bytes = Buffer.alloc(Math.max(0, end - from));
        const length = readSync(file, bytes, 0, bytes.length, from);
        return bytes.subarray(0, length).toString('utf8');
      } finally {
        closeSync(file);
      }
    },
  };
}

export function lastLines(text: string, count = 20): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
