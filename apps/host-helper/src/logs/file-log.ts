import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@viw/runtime';
import { fitPage } from './log-source';
import type { LogPage, LogQuery, LogSource } from './log-source';

/** Read at most, per answer. */
const WINDOW_BYTES = 512 * 1_024;

/** `f1:<inode>:<byte offset behind the last line>` */
const CURSOR = /^f1:(\d{1,20}):(\d{1,15})$/;

interface Line {
  readonly line: string;
  /** Byte offset behind its newline. */
  readonly end: number;
}

/** `<folder>/<unit>.log`, for hosts without journald. A file that was rotated or shortened is read from its start. */
export class FileLog implements LogSource {
  readonly #folder: string;

  constructor({ folder }: { folder: string }) {
    this.#folder = folder;
  }

  async read({ unit, lines, sinceCursor }: LogQuery): Promise<LogPage> {
    const since = sinceCursor === undefined ? undefined : parseCursor(sinceCursor);
    const file = await openLog(join(this.#folder, `${unit}.log`));
    try {
      const { ino, size } = await file.stat();
      const follows = since !== undefined;
      const start = since
        ? since.inode === String(ino) && since.offset <= size
          ? since.offset
          : 0
        : Math.max(0, size - WINDOW_BYTES);
      const bytes = await readFrom(file, start, size);
      const all = completeLines(bytes, start);
      // One line that fills the window would otherwise stop every follower for good.
      if (all.length === 0 && bytes.length === WINDOW_BYTES) {
        all.push({ line: bytes.toString('utf8'), end: start + bytes.length });
      }
      // A window that does not begin at the file's start begins in the middle of a line.
      const whole = !follows && start > 0 ? all.slice(1) : all;
      const { entries, truncated } = fitPage(whole, lines, follows ? 'start' : 'end');
      const end = entries.at(-1)?.end ?? (follows ? start : size);
      const more = size - start > WINDOW_BYTES;
      return {
        lines: entries.map(({ line }) => line),
        nextCursor: size === 0 ? null : `f1:${ino}:${end}`,
        truncated: truncated || (follows && more),
      };
    } finally {
      await file.close();
    }
  }
}

async function openLog(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    throw new AppError('NOT_FOUND', 'this host has no log of the unit', { cause: error });
  }
}

function parseCursor(cursor: string): { inode: string; offset: number } {
  const [, inode, offset] = CURSOR.exec(cursor) ?? [];
  if (inode === undefined)
    throw new AppError('VALIDATION_FAILED', 'since_cursor is not a cursor of this log');
  return { inode, offset: Number(offset) };
}

async function readFrom(file: FileHandle, start: number, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.min(WINDOW_BYTES, size - start));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
  return bytes.subarray(0, bytesRead);
}

/** A last line without newline is still being written: it comes next time. */
function completeLines(bytes: Buffer, start: number): Line[] {
  const found: Line[] = [];
  let from = 0;
  for (let to = bytes.indexOf(10); to !== -1; to = bytes.indexOf(10, from)) {
    found.push({ line: bytes.toString('utf8', from, to), end: start + to + 1 });
    from = to + 1;
  }
  return found;
}
