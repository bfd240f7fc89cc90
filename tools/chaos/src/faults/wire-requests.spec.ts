import { postgresRequests } from './postgres-requests';
import { redisRequests } from './redis-requests';
import { WireTap } from './wire-tap';
import type { RequestSplitter } from './wire-request';

const redisCommand = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

const startup = (code: number, text = ''): Buffer => {
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + text.length, 0);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, Buffer.from(text)]);
};
const message = (type: string, text: string): Buffer => {
  const head = Buffer.alloc(5, type);
  head.writeInt32BE(4 + Buffer.byteLength(text), 1);
  return Buffer.concat([head, Buffer.from(text)]);
};

/** Byte by byte, and all at once: the same requests, and not a byte is lost. */
function both(split: () => RequestSplitter, bytes: Buffer): (readonly string[])[] {
  const whole = split().push(bytes);
  const crumbs = split();
  const pieces = [...bytes].flatMap((byte) => crumbs.push(Buffer.from([byte])));
  expect(pieces.map((request) => request.words)).toEqual(whole.map((request) => request.words));
  for (const requests of [whole, pieces])
    expect(Buffer.concat(requests.map((request) => request.bytes))).toEqual(bytes);
  return whole.map((request) => request.words);
}

test('Redis: commands with empty, long and multi-byte words', () => {
  const commands = [
    ['PING'],
    ['XADD', 'viw.telemetry', '*', 'body', 'ä\r\n💥', ''],
    ['GET', 'x'.repeat(3_000)],
  ];
  expect(both(redisRequests, Buffer.from(commands.map((words) => redisCommand(...words)).join('')))).toEqual(
    commands,
  );
});

test('Redis: anything but commands is refused, not passed unseen', () => {
  expect(() => redisRequests().push(Buffer.from('PING\r\n'))).toThrow('not a command');
});

test('Postgres: SSL request, startup without a type, statements of Query, Parse and Bind', () => {
  const bytes = Buffer.concat([
    startup(80_877_103),
    startup(196_608, 'user\0me\0\0'),
    message('p', 'secret\0'),
    message('Q', 'commit\0'),
    message('P', 'name\0UPDATE x SET y = $1\0\0\0'),
    message('B', 'portal\0name\0\0\0\0\0\0\0'),
    message('B', '\0other\0\0\0\0\0\0\0'),
    message('S', ''),
  ]);
  const update = ['UPDATE x SET y = $1'];
  expect(both(postgresRequests, bytes)).toEqual([[], [], [], ['commit'], update, update, [], []]);
});

describe('a tap', () => {
  const piece = Buffer.from(['A', 'B', 'C'].map((word) => redisCommand(word)).join(''));
  const upTo = (...words: string[]): string => words.map((word) => redisCommand(word)).join('');
  const tapped = (rule: 'hold' | 'mute') => {
    const tap = new WireTap(redisRequests);
    const unwatch = tap.watch(({ words }) => (words[0] === 'B' ? rule : 'pass'));
    return { connection: tap.open(), unwatch };
  };

  it('holds a request and everything after it', () => {
    const { connection } = tapped('hold');
    expect(connection.take(piece).toString()).toBe(upTo('A'));
    expect(connection.answers).toBe(false);
    expect(connection.take(piece)).toHaveLength(0);
  });

  it('lets a request through and mutes the answers', () => {
    const { connection } = tapped('mute');
    expect(connection.take(piece).toString()).toBe(upTo('A', 'B'));
    expect(connection.answers).toBe(false);
  });

  it('does neither when nobody watches any more', () => {
    const { connection, unwatch } = tapped('hold');
    unwatch();
    expect(connection.take(piece).toString()).toBe(upTo('A', 'B', 'C'));
    expect(connection.answers).toBe(true);
  });
});
