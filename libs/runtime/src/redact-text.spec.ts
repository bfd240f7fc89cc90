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

test.each(['eyJ-', 'viw_', 'password', '-----BEGIN PRIVATE KEY-----', 'a-', '//', 'Bearer ', 'secret="\\'])(
  'hostile repetition of %s takes no time',
  (text) => {
    const hostile = text.repeat(262_144 / text.length);
    const start = performance.now();
    redactText(hostile);
    expect(performance.now() - start).toBeLessThan(1_500);
  },
);
