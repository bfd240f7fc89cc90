import { type RequestSplitter, splitter } from './wire-request';

const SSL_REQUEST = 80_877_103;
const text = (bytes: Buffer, from: number): string => bytes.toString('utf8', from, bytes.indexOf(0, from));

/**
 * Messages of a Postgres client (documentation, "Message Formats"): the first has no type byte, a Query (`Q`) or Parse
 * (`P`) carries a statement.
 */
export function postgresRequests(): RequestSplitter {
  let started = false;
  return splitter(
    (buffer) => {
      const lengthAt = started ? 1 : 0;
      if (buffer.length < (started ? 5 : 8)) return 0;
      const length = buffer.readInt32BE(lengthAt) + lengthAt;
      if (buffer.length < length) return 0;
      if (!started) started = buffer.readInt32BE(4) !== SSL_REQUEST;
      return length;
    },
    (bytes) => {
      const type = String.fromCharCode(bytes[0] ?? 0);
      if (type === 'Q') return [text(bytes, 5)];
      // The name of the prepared statement comes first, empty for none.
      return type === 'P' ? [text(bytes, bytes.indexOf(0, 5) + 1)] : [];
    },
  );
}
