import { createDecipheriv } from 'node:crypto';
import { formatKek, generateKek, parseKeks } from './kek';
import { SecretBox } from './secret-box';
import type { SealedSecret } from './secret-box';

const context = { purpose: 'ssh-credential.private-key', id: 'cred-1' };
const plaintext = 'the canary that nobody may see: ünïcode';

describe('SecretBox', () => {
  const kek = generateKek();
  const box = new SecretBox({ keys: [kek] });

  it('opens what it sealed, after a trip through JSON', () => {
    const stored = JSON.parse(JSON.stringify(box.seal(plaintext, context))) as unknown;
    expect(box.openText(stored, context)).toBe(plaintext);
    const binary = Buffer.from([0, 255, 1, 254]);
    expect(box.open(box.seal(binary, context), context)).toEqual(binary);
    expect(box.openText(box.seal('', context), context)).toBe('');
  });

  it('is AES-256-GCM under a wrapped data key: readable by the plain primitive', () => {
    const sealed = box.seal(plaintext, context);
    const gcm = (key: Buffer, text: string, aad: string): Buffer => {
      const bytes = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
      decipher.setAAD(Buffer.from(aad)).setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    };
    const dataKey = gcm(
      kek.key,
      sealed.key,
      `["viw-secret",1,"key","${kek.id}","${context.purpose}","cred-1"]`,
    );
    expect(dataKey).toHaveLength(32);
    expect(
      gcm(dataKey, sealed.data, `["viw-secret",1,"data","","${context.purpose}","cred-1"]`).toString(),
    ).toBe(plaintext);
  });

  it('never seals the same twice to the same bytes, and shows nothing of the secret', () => {
    const [a, b] = [box.seal(plaintext, context), box.seal(plaintext, context)];
    expect(a.data).not.toBe(b.data);
    expect(a.key).not.toBe(b.key);
    expect(JSON.stringify(a)).not.toContain(Buffer.from(plaintext).toString('base64url').slice(0, 12));
  });

  it.each([
    ['another purpose', { ...context, purpose: 'certificate.private-key' }],
    ['another record', { ...context, id: 'cred-2' }],
  ])('does not open for %s', (_, other) => {
    expect(() => box.open(box.seal(plaintext, context), other)).toThrow(/cannot be opened/);
  });

  it.each(['key', 'data'] as const)('does not open when one bit of %s was changed', (part) => {
    const sealed = box.seal(plaintext, context);
    const bytes = Buffer.from(sealed[part], 'base64url');
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    expect(() => box.open({ ...sealed, [part]: bytes.toString('base64url') }, context)).toThrow(
      /cannot be opened/,
    );
  });

  it('does not open a data part put under the wrapped key of another secret', () => {
    const [a, b] = [box.seal('a', context), box.seal('b', context)];
    expect(() => box.open({ ...a, data: b.data }, context)).toThrow(/cannot be opened/);
  });

  it.each([null, 'text', {}, { v: 2, kek: 'a', key: 'b', data: 'c' }, { v: 1, kek: 'a', key: 1, data: 'c' }])(
    'refuses %j',
    (value) => expect(() => box.open(value, context)).toThrow(/not a sealed secret/),
  );

  it('names the missing key, not the secret', () => {
    const sealed = new SecretBox({ keys: [generateKek()] }).seal(plaintext, context);
    expect(() => box.open(sealed, context)).toThrow(
      `sealed by the key ${sealed.kek}, which is not configured`,
    );
  });

  it('rotates: opens by the old key, rewraps to the new, then needs only that', () => {
    const old = box.seal(plaintext, context);
    const next = generateKek();
    const both = new SecretBox({ keys: [next, kek] });
    expect(both.needsRewrap(old)).toBe(true);
    expect(both.openText(old, context)).toBe(plaintext);
    const fresh: SealedSecret = both.rewrap(old, context);
    expect(fresh.data).toBe(old.data);
    expect(both.needsRewrap(fresh)).toBe(false);
    expect(new SecretBox({ keys: [next] }).openText(fresh, context)).toBe(plaintext);
    expect(() => both.rewrap(old, { ...context, id: 'cred-2' })).toThrow(/cannot be opened/);
  });
});

describe('key file', () => {
  it('reads ids, bare keys, comments; the first one is current', () => {
    const [a, b] = [generateKek(), generateKek()];
    const keys = parseKeks(`# keys\n${formatKek({ ...a, id: 'k2' })}\n\n${b.key.toString('base64')}\r\n`);
    expect(keys).toEqual([{ id: 'k2', key: a.key }, b]);
  });

  it.each(['', 'k1:c2hvcnQ=', 'k 1:' + 'A'.repeat(43) + '=', 'x'.repeat(44)])(
    'refuses %j without quoting it',
    (text) => {
      const message = (() => {
        try {
          parseKeks(text);
          return '';
        } catch (error) {
          return (error as Error).message;
        }
      })();
      expect(message).toMatch(/key file/);
      if (text !== '') expect(message).not.toContain(text.slice(0, 6));
    },
  );

  it('refuses one id for two keys', () => {
    const text = [generateKek(), generateKek()].map(({ key }) => formatKek({ id: 'k', key })).join('\n');
    expect(() => parseKeks(text)).toThrow(/twice/);
  });
});
