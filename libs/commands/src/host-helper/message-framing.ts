import { helperMessageBytesMax } from '@viw/contracts';
import { AppError } from '@viw/runtime';

const PREFIX_BYTES = 4;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** One message: 4 bytes length (unsigned, big-endian), then that many bytes of UTF-8 JSON. */
export function encodeHelperMessage(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(body.length);
  return Buffer.concat([prefix, body]);
}

/** Takes the messages out of a byte stream, however it was cut. Holds at most one message in memory. */
export class HelperMessageReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #buffered = 0;

  constructor({ maxBytes = helperMessageBytesMax }: { maxBytes?: number } = {}) {
    this.#maxBytes = maxBytes;
  }

  /**
   * @returns the messages that are now complete, parsed but not validated
   * @throws AppError PAYLOAD_TOO_LARGE as soon as a length says so; SCHEMA_MISMATCH for what is not UTF-8 JSON. The
   *   stream cannot be read on after either.
   */
  push(chunk: Buffer): unknown[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const messages: unknown[] = [];
    while (this.#buffered >= PREFIX_BYTES) {
      const length = this.#peekLength();
      if (length > this.#maxBytes) {
        throw new AppError('PAYLOAD_TOO_LARGE', `a message may have at most ${this.#maxBytes} bytes`);
      }
      if (this.#buffered < PREFIX_BYTES + length) break;
      const all = Buffer.concat(this.#chunks);
      const rest = all.subarray(PREFIX_BYTES + length);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#buffered = rest.length;
      messages.push(parse(all.subarray(PREFIX_BYTES, PREFIX_BYTES + length)));
    }
    return messages;
  }

  #peekLength(): number {
    let first = this.#chunks[0] ?? Buffer.alloc(0);
    if (first.length < PREFIX_BYTES) {
      first = Buffer.concat(this.#chunks);
      this.#chunks = [first];
    }
    return first.readUInt32BE(0);
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    throw new AppError('SCHEMA_MISMATCH', 'a message must be JSON in UTF-8');
  }
}
