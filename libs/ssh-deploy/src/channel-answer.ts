import type { Duplex } from 'node:stream';
import { sshFailed } from './errors';

const MAX_ANSWER = 64 * 1024;

/**
 * Asks over a channel and takes what comes until the other end closes it; what is too much ends it.
 * @throws AppError SSH_FAILED with `meta.reason` `timeout`
 */
export function readAnswer(
  stream: Duplex,
  question: string,
  what: string,
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (then: () => void): void => {
      clearTimeout(limit);
      then();
      stream.destroy();
    };
    const finish = (): void =>
      settle(() => resolve(Buffer.concat(chunks).subarray(0, MAX_ANSWER).toString('utf8')));
    const limit = setTimeout(
      () => settle(() => reject(sshFailed(`no answer of ${what} within ${timeoutMs} ms`, 'timeout'))),
      timeoutMs,
    );
    // Whoever is told to restart may cut the line: what has come by then is the answer.
    stream.on('error', finish).on('end', finish).on('close', finish);
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_ANSWER) finish();
    });
    stream.write(question);
  });
}
