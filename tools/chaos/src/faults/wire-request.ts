/** One complete request of a client, as it came over the wire. */
export interface WireRequest {
  readonly bytes: Buffer;
  /** Redis: command and arguments. Postgres: the statement alone, nothing for messages without one. */
  readonly words: readonly string[];
}

/** Cuts what one connection's client sends into requests; keeps what is not complete yet. */
export interface RequestSplitter {
  push(piece: Buffer): WireRequest[];
}

/**
 * @param lengthOf of the first request in the buffer; 0 while it is not complete
 * @param wordsOf called only when somebody looks
 */
export function splitter(
  lengthOf: (buffer: Buffer) => number,
  wordsOf: (request: Buffer) => readonly string[],
): RequestSplitter {
  let rest: Buffer = Buffer.alloc(0);
  return {
    push(piece) {
      rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      const requests: WireRequest[] = [];
      for (let length = lengthOf(rest); length > 0; length = lengthOf(rest)) {
        const bytes = rest.subarray(0, length);
        rest = rest.subarray(length);
        requests.push({
          bytes,
          get words() {
            return wordsOf(bytes);
          },
        });
      }
      return requests;
    },
  };
}
