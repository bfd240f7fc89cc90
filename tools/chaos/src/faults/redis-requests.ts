import { type RequestSplitter, splitter } from './wire-request';

const CRLF = '\r\n';

/** The number after the marker (`*` or `$`) at `at`, and where the next line begins; undefined while incomplete. */
function header(buffer: Buffer, at: number, marker: string): { count: number; next: number } | undefined {
  const end = buffer.indexOf(CRLF, at);
  if (end < 0) return undefined;
  const line = buffer.toString('latin1', at, end);
  if (!line.startsWith(marker)) throw new Error('not a command of the Redis protocol');
  return { count: Number(line.slice(1)), next: end + CRLF.length };
}

/** Where the words of the command at the start lie, and its length; undefined while incomplete. */
function command(buffer: Buffer): { words: [from: number, to: number][]; length: number } | undefined {
  if (buffer.length === 0) return undefined;
  const array = header(buffer, 0, '*');
  if (!array) return undefined;
  const words: [number, number][] = [];
  let at = array.next;
  for (let n = 0; n < array.count; n++) {
    const word = header(buffer, at, '$');
    if (!word || word.next + word.count + CRLF.length > buffer.length) return undefined;
    words.push([word.next, word.next + word.count]);
    at = word.next + word.count + CRLF.length;
  }
  return { words, length: at };
}

/** Commands of a Redis client: arrays of bulk strings (https://redis.io/docs/latest/develop/reference/protocol-spec/). */
export const redisRequests = (): RequestSplitter =>
  splitter(
    (buffer) => command(buffer)?.length ?? 0,
    (bytes) => command(bytes)?.words.map(([from, to]) => bytes.toString('utf8', from, to)) ?? [],
  );
