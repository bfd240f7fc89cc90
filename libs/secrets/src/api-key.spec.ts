import { generateApiKey, hashApiSecret, parseApiKey, verifyApiKey } from './api-key';
import { randomToken } from './random-token';

describe('API keys', () => {
  it('makes a key whose halves are found again and whose secret matches its hash only', () => {
    const { id, key, hash } = generateApiKey();
    const parsed = parseApiKey(key);
    expect(parsed?.id).toBe(id);
    expect(key).toBe(`viw_${id}_${parsed?.secret}`);
    expect(verifyApiKey(parsed?.secret ?? '', hash)).toBe(true);
    expect(verifyApiKey(parseApiKey(generateApiKey().key)?.secret ?? '', hash)).toBe(false);
    expect(verifyApiKey('', hash)).toBe(false);
    expect(hash).not.toContain(parsed?.secret);
  });

  it('hashes by SHA-256', () => {
    expect(hashApiSecret('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it.each([
    '',
    'viw_',
    'viw_0123456789abcdef_short',
    `viw_0123456789ABCDEF_${'a'.repeat(43)}`,
    `${generateApiKey().key}a`,
    `${generateApiKey().key}\n`,
  ])('does not take %j for a key', (text) => expect(parseApiKey(text)).toBeUndefined());
});

describe('randomToken', () => {
  it('has as many random bytes as asked for, safe in URLs', () => {
    expect(Buffer.from(randomToken(24), 'base64url')).toHaveLength(24);
    expect(randomToken()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(randomToken()).not.toBe(randomToken());
  });
});
