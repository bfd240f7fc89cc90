import { generateKeyPairSync } from 'node:crypto';
import { assertPrivateKey } from './private-key-text';

const pem = (passphrase?: string): string => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const options = { type: 'pkcs8', format: 'pem' } as const;
  return privateKey
    .export(passphrase === undefined ? options : { ...options, cipher: 'aes-256-cbc', passphrase })
    .toString();
};

const text = (value: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([length, Buffer.from(value)]);
};
const openssh = (cipher: string): string => {
  const head = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    text(cipher),
    text('none'),
    Buffer.alloc(100),
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${head.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
};

describe('assertPrivateKey', () => {
  it('takes PEM and OpenSSH keys, encrypted ones with their passphrase', () => {
    expect(() => assertPrivateKey(pem(), undefined)).not.toThrow();
    expect(() => assertPrivateKey(pem('secret'), 'secret')).not.toThrow();
    expect(() => assertPrivateKey(openssh('none'), undefined)).not.toThrow();
    expect(() => assertPrivateKey(openssh('aes256-ctr'), 'secret')).not.toThrow();
  });

  it.each([
    [
      'a public key',
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPlanted somebody@somewhere.example.org and more',
      undefined,
    ],
    [
      'text in a frame',
      `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(80)}\n-----END PRIVATE KEY-----`,
      undefined,
    ],
    ['a frame of another kind', openssh('none').replaceAll('OPENSSH ', 'RSA '), undefined],
    ['an encrypted PEM key without passphrase', pem('secret'), undefined],
    ['an encrypted PEM key with another passphrase', pem('secret'), 'wrong'],
    ['an encrypted OpenSSH key without passphrase', openssh('aes256-ctr'), undefined],
    [
      'an OpenSSH frame around nothing',
      openssh('none').replace(/\n.+\n/, `\n${'A'.repeat(80)}\n`),
      undefined,
    ],
  ])('refuses %s without quoting it', (_what, key, passphrase) => {
    const error = (() => {
      try {
        assertPrivateKey(key, passphrase);
      } catch (thrown) {
        return thrown as Error;
      }
    })();
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', meta: { errors: [{ path: 'private_key' }] } });
    expect(key).not.toContain(error?.message);
    expect(error?.message).not.toContain(key.slice(30, 60));
  });
});
