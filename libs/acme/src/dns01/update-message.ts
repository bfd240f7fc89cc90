import { createHmac } from 'node:crypto';
import type { TsigKey } from './tsig-key';

export interface TxtUpdate {
  /** The zone that the server is primary for. */
  zone: string;
  name: string;
  value: string;
  action: 'add' | 'remove';
}

const TYPE = { soa: 6, txt: 16, tsig: 250 } as const;
const CLASS = { in: 1, none: 254, any: 255 } as const;
const OPCODE_UPDATE = 5 << 11;
/** Seconds that a resolver may keep the value: it is gone in moments. */
const TTL_S = 60;
/** How far the clocks may differ, seconds. */
const FUDGE_S = 300;

/** One TXT value added or removed (RFC 2136), signed (TSIG, RFC 8945). @param id 16 bits, of this message */
export function encodeUpdate(update: TxtUpdate, key: TsigKey, id: number, now: Date): Buffer {
  const zone = Buffer.concat([wireName(update.zone), u16(TYPE.soa), u16(CLASS.in)]);
  const added = update.action === 'add';
  const record = resourceRecord(
    update.name,
    TYPE.txt,
    added ? CLASS.in : CLASS.none,
    added ? TTL_S : 0,
    characterString(update.value),
  );
  const unsigned = Buffer.concat([header(id, 0), zone, record]);
  return Buffer.concat([header(id, 1), zone, record, signature(unsigned, key, id, now)]);
}

/** @returns the response code; undefined for what is no answer to the message */
export function responseCode(message: Buffer, id: number): number | undefined {
  if (message.length < 12 || message.readUInt16BE(0) !== id) return undefined;
  const flags = message.readUInt16BE(2);
  return (flags & 0x8000) === 0 ? undefined : flags & 0x000f;
}

function header(id: number, additional: number): Buffer {
  return Buffer.concat([id, OPCODE_UPDATE, 1, 0, 1, additional].map(u16));
}

function signature(unsigned: Buffer, key: TsigKey, id: number, now: Date): Buffer {
  const algorithm = wireName(key.algorithm);
  const time = Buffer.alloc(6);
  time.writeUIntBE(Math.floor(now.getTime() / 1_000), 0, 6);
  const variables = Buffer.concat([
    wireName(key.name),
    u16(CLASS.any),
    u32(0),
    algorithm,
    time,
    u16(FUDGE_S),
    u16(0),
    u16(0),
  ]);
  const mac = createHmac(key.algorithm.replace('hmac-', ''), key.secret)
    .update(unsigned)
    .update(variables)
    .digest();
  const data = Buffer.concat([algorithm, time, u16(FUDGE_S), u16(mac.length), mac, u16(id), u16(0), u16(0)]);
  return resourceRecord(key.name, TYPE.tsig, CLASS.any, 0, data);
}

function resourceRecord(name: string, type: number, klass: number, ttl: number, data: Buffer): Buffer {
  return Buffer.concat([wireName(name), u16(type), u16(klass), u32(ttl), u16(data.length), data]);
}

/** Lower case, as signatures have it. @throws RangeError for what is no domain name */
function wireName(name: string): Buffer {
  const labels = name
    .toLowerCase()
    .replace(/\.$/, '')
    .split('.')
    .map((label) => Buffer.from(label, 'ascii'));
  const wire = Buffer.concat([...labels.flatMap((label) => [Buffer.of(label.length), label]), Buffer.of(0)]);
  if (labels.some(({ length }) => length === 0 || length > 63) || wire.length > 255)
    throw new RangeError('not a domain name');
  return wire;
}

function characterString(text: string): Buffer {
  const bytes = Buffer.from(text, 'ascii');
  if (bytes.length > 255) throw new RangeError('longer than one character string');
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
