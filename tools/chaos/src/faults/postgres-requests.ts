import { type RequestSplitter, splitter } from './wire-request';

const SSL_REQUEST = 80_877_103;
const [QUERY, PARSE, BIND] = [...'QPB'].map((type) => type.charCodeAt(0));
const text = (bytes: Buffer, from: number): string => bytes.toString('utf8', from, bytes.indexOf(0, from));

/**
 * Messages of a Postgres client (documentation, "Message Formats"): the first has no type byte, a Query (`Q`) or Parse
 * (`P`) carries a statement, a Bind (`B`) names one that was prepared before.
 */
export function postgresRequests(): RequestSplitter {
  let started = false;
  const prepared = new Map<string, string>();
  return splitter(
    (buffer) => {
      const lengthAt = started ? 1 : 0;
      if (buffer.length < (started ? 5 : 8)) return 0;
      const length = buffer.readInt32BE(lengthAt) + lengthAt;
      if (buffer.length < length) return 0;
      if (!started) started = buffer.readInt32BE(4) !== SSL_REQUEST;
      else if (buffer[0] === PARSE) prepared.set(text(buffer, 5), text(buffer, buffer.indexOf(0, 5) + 1));
      return length;
    },
    (bytes) => {
      // A Parse has the name of the prepared statement first, a Bind that of the portal; empty for none.
      const second = bytes.indexOf(0, 5) + 1;
      if (bytes[0] === QUERY) return [text(bytes, 5)];
      if (bytes[0] === PARSE) return [text(bytes, second)];
      const statement = bytes[0] === BIND ? prepared.get(text(bytes, second)) : undefined;
      return statement === undefined ? [] : [statement];
    },
  );
}
