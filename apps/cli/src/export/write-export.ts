import { link, open, unlink, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '@viw/runtime';
import { plainText } from '../terminal/terminal-text';

/**
 * Writes the body of an answer as it comes, however long it is. A file is new, readable by its owner, and has its name only
 * when it is complete and on disk.
 * @returns bytes
 * @throws AppError BAD_REQUEST when the file cannot be made or exists; UNAVAILABLE when the answer breaks off
 */
export async function writeExport(
  answer: Response,
  file: string | undefined,
  stdout: Writable & { readonly isTTY?: boolean },
): Promise<number> {
  const body = answer.body === null ? Readable.from([]) : Readable.fromWeb(answer.body);
  if (file === undefined) return toStream(body, stdout);
  const unfinished = `${file}.${process.pid}.part`;
  const handle = await open(unfinished, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    body.destroy();
    throw notMade(file, error);
  });
  try {
    const bytes = await writeFile(handle, body).then(
      async () => (await handle.stat()).size,
      (error: NodeJS.ErrnoException) => {
        throw error.syscall === undefined ? brokenOff() : notMade(file, error);
      },
    );
    await handle.sync();
    await link(unfinished, file).catch((error: NodeJS.ErrnoException) => {
      throw notMade(file, error);
    });
    return bytes;
  } finally {
    await handle.close();
    await unlink(unfinished);
  }
}

async function toStream(body: Readable, stdout: Writable & { readonly isTTY?: boolean }): Promise<number> {
  let bytes = 0;
  const decoder = new TextDecoder();
  const isTTY = stdout.isTTY === true;
  const counted = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | string> {
    for await (const chunk of source) {
      bytes += chunk.length;
      yield isTTY ? plainText(decoder.decode(chunk, { stream: true })) : chunk;
    }
  };
  await pipeline(body, counted, stdout, { end: false }).catch(() => {
    throw brokenOff();
  });
  return bytes;
}

const brokenOff = (): AppError =>
  new AppError('UNAVAILABLE', 'the answer broke off: what was written is not everything');

const notMade = (file: string, { code }: NodeJS.ErrnoException): AppError =>
  new AppError('BAD_REQUEST', `${file} cannot be made (${code ?? 'unknown'})`);
