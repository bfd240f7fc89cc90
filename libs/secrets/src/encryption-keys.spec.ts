import { isSecretSchema } from '@viw/runtime';
import { zEncryptionKeys } from './encryption-keys';
import { formatKek, generateKek } from './kek';

const document = ({ id, key }: ReturnType<typeof generateKek>) => ({ id, key: key.toString('base64') });

describe('zEncryptionKeys', () => {
  const [a, b] = [generateKek(), generateKek()];

  it.each([
    ['one document', JSON.stringify(document(a)), [a]],
    ['a list of documents', JSON.stringify([document(a), document(b)]), [a, b]],
    ['the lines of a key file', `${formatKek(b)}\n${formatKek(a)}\n`, [b, a]],
  ])('reads %s; the first one seals', (_, text, expected) => {
    expect(zEncryptionKeys().parse(text)).toEqual(expected);
  });

  it.each([
    ['a key that is too short', JSON.stringify({ id: 'k', key: Buffer.alloc(31, 1).toString('base64') })],
    ['an unknown field', JSON.stringify({ ...document(a), use: 'enc' })],
    ['a second line inside a field', JSON.stringify({ ...document(a), id: `x\n${formatKek(b)}` })],
    ['an empty list', JSON.stringify([]).padEnd(50)],
    ['one id twice', JSON.stringify([document(a), document(a)])],
    ['what is no JSON', `{"id": "${a.id}", "key": "${a.key.toString('base64')}"`],
    ['null', '[null]'.padEnd(50)],
  ])('refuses %s without quoting it', (_, text) => {
    const { error } = zEncryptionKeys().safeParse(text);
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]?.message).toMatch(/^JSON \{"id", "key"\}/);
    expect(JSON.stringify(error?.issues)).not.toContain(a.key.toString('base64').slice(0, 12));
  });

  it('is known as a secret to the configuration, so that no flag may carry it', () => {
    expect(isSecretSchema(zEncryptionKeys())).toBe(true);
    expect(isSecretSchema(zEncryptionKeys().optional())).toBe(true);
  });
});
