import { redactText } from './redact-text';

const PEM = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEcanary\n-----END EC PRIVATE KEY-----';

test.each([
  ['PEM', `before ${PEM} after`],
  ['PEM in JSON', JSON.stringify({ pem: PEM })],
  ['PEM cut off', PEM.slice(0, 45)],
  [
    'OpenVPN static key',
    '-----BEGIN OpenVPN Static key V1-----\ncanary\n-----END OpenVPN Static key V1-----',
  ],
  ['API key', 'used viw_k17_canary0123456789 today'],
  ['bearer', 'Authorization: Bearer canary.0123'],
  ['bearer alone', 'sent bearer canary0123456'],
  ['basic', 'authorization=Basic canary=='],
  ['JWS', 'got eyJhbGciOiJFZERTQSJ9.eyJcanaryIn0.c2lncanary'],
  ['password=', 'login password=canary failed'],
  ['password: quoted', `password: "can't canary"`],
  ['JSON', '{"userpass":"a \\" canary"}'],
  ['JSON cut off', '{"bootstrap_token":"canary'],
  ['JSON in JSON', JSON.stringify(JSON.stringify({ api_key: 'canary' }))],
  ['key in JSON', '{"key":"canary"}'],
  ['prefixed name', 'AGENT_BRIDGE_SHARED_SECRET=canary'],
  ['single quotes', "passphrase='canary canary'"],
  ['URL', 'cannot reach redis://bridge:canary@127.0.0.1:6379/0'],
])('removes: %s', (_name, text) => {
  expect(redactText(text)).not.toContain('canary');
  expect(redactText(text)).toContain('[redacted]');
});

test('keeps the id of an API key and the text around', () => {
  expect(redactText('key viw_k17_0123456789abcdef used from 10.0.0.1')).toBe(
    'key viw_k17_[redacted] used from 10.0.0.1',
  );
});

test.each([
  'published 3 entries to viw.commands',
  'https://ca.example/directory answered 503',
  'duplicate key value violates unique constraint "outbox_pkey"',
  'password must be 8 to 128 characters',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
])('leaves alone: %s', (text) => {
  expect(redactText(text)).toBe(text);
});

test.each([
  ...['eyJ-', 'viw_', 'password', '-----BEGIN PRIVATE KEY-----', 'a-', '//', 'Bearer ', 'secret="\\', '\\'],
  ...['secret:[', 'secret\\', 'token=\\', '"key":{"', 'key=[redacted', 'jws :', '\\"'],
])('hostile repetition of %s takes no time', (text) => {
  const hostile = text.repeat(262_144 / text.length);
  const start = performance.now();
  for (const text of [hostile, `secret:[${hostile}`, `"secret":"${hostile}`, `secret=${hostile}`])
    redactText(text);
  expect(performance.now() - start).toBeLessThan(20_000);
});

/** Small generator with a seed (mulberry32): a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const pick = <T>(random: () => number, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)] as T;

describe('redacting again changes nothing', () => {
  const fragments = [
    ...['password', 'token', '"secret"', '"key"', '\\"api_key\\"', "'jws'", 'Authorization', 'cookie', 'x'],
    ...[
      '=',
      ':',
      ' : ',
      '"',
      "'",
      '\\"',
      '\\\\\\"',
      '\\',
      '[',
      ']',
      '{',
      '}',
      ',',
      ' ',
      '\n',
      '//',
      '@',
      '_',
    ],
    ...[
      'Bearer ',
      'Basic ',
      'Bearer abcdef',
      'eyJa.b.c',
      'viw_k1_0123456789',
      'word',
      '[redacted]',
      'abc123',
    ],
    ...['-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----', 'redis://u:pw@host'],
  ];

  test('of any text', () => {
    const random = seeded(1);
    const wrong: string[] = [];
    for (let round = 0; round < 5_000; round++) {
      const text = Array.from({ length: 1 + random() * 14 }, () => pick(random, fragments)).join('');
      const once = redactText(text);
      if (redactText(once) !== once || !redactText(`begin ${text}`).startsWith('begin ')) wrong.push(text);
    }
    expect(wrong).toEqual([]);
  });

  test.each([
    ['password=[redacted]', 'password=[redacted]'],
    ['password=viw_k1_0123456789', 'password=[redacted]'],
    ['password=[redacted]abc', 'password=[redacted]'],
    ['args[token=abc]', 'args[token=[redacted]]'],
    ['//password="a b":c@', '//password="[redacted]":[redacted]@'],
    ['{"authorization":"Bearer abcdefgh"}', '{"authorization":"[redacted]"}'],
  ])('%s', (text, expected) => {
    expect(redactText(text)).toBe(expected);
    expect(redactText(expected)).toBe(expected);
  });
});

describe('JSON stays JSON', () => {
  const values = [
    ...[
      'canary',
      'can"ary\\',
      "can't canary",
      '\\"canary\\"',
      'a\nb canary',
      '{"canary":[',
      '',
      'token=canary',
      '\\',
    ],
    ...[17, -1.5e9, true, null, ['canary', 'canary]"'], { a: 'canary}', b: ['canary', { c: 1 }] }, []],
  ];
  const names = ['password', 'user_token', 'X-Api-Key', 'key', 'cookie', 'note', 'name'];
  /** Of a name that is not secret: without the shape of a secret. */
  const plain = ['word', 7, null, ['a', 'b'], { x: 'y]' }];

  /** Secret and other members mixed, as JSON in 0 to 2 further layers of JSON. */
  function sample(random: () => number): { text: string; layers: number; kept: object } {
    const entries = names
      .filter(() => random() < 0.6)
      .map((name) => [name, pick<unknown>(random, /^n/.test(name) ? plain : values)] as const);
    const layers = Math.floor(random() * 3);
    const indent = pick(random, [0, 1]);
    let text = JSON.stringify({ list: [Object.fromEntries(entries), 'end'] }, undefined, indent);
    for (let layer = 0; layer < layers; layer++) text = JSON.stringify({ stdout: text, rc: 0 });
    return { text, layers, kept: Object.fromEntries(entries.filter(([name]) => /^n/.test(name))) };
  }

  test('whatever is removed, in every layer', () => {
    const random = seeded(2);
    for (let round = 0; round < 1_500; round++) {
      const { text, layers, kept } = sample(random);
      const redacted = redactText(text);
      expect(redacted).not.toContain('canary');
      let parsed: unknown = JSON.parse(redacted);
      for (let layer = 0; layer < layers; layer++) parsed = JSON.parse((parsed as { stdout: string }).stdout);
      const { list } = parsed as { list: [Record<string, unknown>, string] };
      expect(list[1]).toBe('end');
      expect(list[0]).toMatchObject(kept);
      for (const [name, value] of Object.entries(list[0]))
        if (!(name in kept)) expect(value).toBe('[redacted]');
    }
  });

  test('when it was cut off too', () => {
    expect(redactText('{"a":1,"secret":["canary","cana')).toBe('{"a":1,"secret":"[redacted]"');
    expect(redactText('{"out":"{\\"secret\\":[1,{\\"a\\":2","rc":0}')).toBe(
      '{"out":"{\\"secret\\":\\"[redacted]\\"","rc":0}',
    );
    expect(redactText('{"stdout":"{\\"token\\":\\"canary"}')).toBe('{"stdout":"{\\"token\\":\\"[redacted]"}');
  });
});
