/** TLS record of a handshake, and the first message in it (RFC 8446 sections 4 and 5.1). */
const HANDSHAKE_RECORD = 0x16;
const CLIENT_HELLO = 0x01;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
const ALPN_EXTENSION = 16;
/** Longer than any that a client sends. */
const MAX_HELLO = 16_384;
/** One does, two are seen; pieces without end only cost time. */
const MAX_RECORDS = 8;

/** `incomplete`: more bytes are needed to say. Undefined: no ClientHello, one that names no protocols, or a malformed one. */
export type OfferedProtocols = readonly string[] | 'incomplete' | undefined;

/**
 * The application protocols (RFC 7301) that the ClientHello at the beginning of a connection offers. Safe for whatever a
 * stranger sends: it looks at eight records at most, and never throws.
 */
export function offeredProtocols(bytes: Buffer): OfferedProtocols {
  const hello = helloIn(bytes);
  if (!Buffer.isBuffer(hello)) return hello;
  try {
    return protocolsIn(new Cursor(hello));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The body of the ClientHello, which may be spread over several records. What follows it is not looked at. */
function helloIn(bytes: Buffer): Buffer | 'incomplete' | undefined {
  let message: Buffer = Buffer.alloc(0);
  let at = 0;
  for (let records = 0; ; records++) {
    if (message.length > 0 && message[0] !== CLIENT_HELLO) return undefined;
    const length = message.length < MESSAGE_HEADER ? 0 : message.readUIntBE(1, 3);
    if (length > MAX_HELLO || records > MAX_RECORDS) return undefined;
    const end = MESSAGE_HEADER + length;
    if (message.length >= end) return message.subarray(MESSAGE_HEADER, end);
    if (at > bytes.length) return 'incomplete';
    if (at < bytes.length && bytes[at] !== HANDSHAKE_RECORD) return undefined;
    if (bytes.length < at + RECORD_HEADER) return 'incomplete';
    const next = at + RECORD_HEADER + bytes.readUInt16BE(at + 3);
    message = Buffer.concat([message, bytes.subarray(at + RECORD_HEADER, next)]);
    at = next;
  }
}

function protocolsIn(hello: Cursor): readonly string[] | undefined {
  // legacy_version, random, legacy_session_id, cipher_suites, legacy_compression_methods
  hello.skip(2 + 32);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  if (hello.atEnd) return undefined;
  const extensions = hello.vector(2);
  while (!extensions.atEnd) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type !== ALPN_EXTENSION) continue;
    const list = body.vector(2);
    const protocols: string[] = [];
    while (!list.atEnd) protocols.push(list.vector(1).text());
    return protocols;
  }
  return undefined;
}

/** Reads on, and throws a RangeError at what is shorter than it says. */
class Cursor {
  #at = 0;
  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  skip(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.bytes.length) throw new RangeError('too short');
    const part = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  number(octets: number): number {
    return this.skip(octets).readUIntBE(0, octets);
  }

  /** Preceded by its length in so many octets. */
  vector(octets: number): Cursor {
    return new Cursor(this.skip(this.number(octets)));
  }

  text(): string {
    return this.bytes.toString('latin1');
  }
}
