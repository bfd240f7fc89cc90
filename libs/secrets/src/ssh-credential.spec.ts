import { generateKek } from './kek';
import { SecretBox } from './secret-box';
import { openSshCredential, sealSshCredential } from './ssh-credential';

describe('SSH credential', () => {
  const box = new SecretBox({ keys: [generateKek()] });

  it.each([
    { privateKey: 'key', passphrase: 'words' },
    { privateKey: 'key' },
    { password: 'words' },
    { agent: true as const },
  ])('opens as sealed', (secret) => {
    const sealed = sealSshCredential(box, 'cred-1', secret);
    expect(openSshCredential(box, 'cred-1', JSON.parse(JSON.stringify(sealed)))).toEqual(secret);
    expect(() => openSshCredential(box, 'cred-2', sealed)).toThrow(/cannot be opened/);
  });

  it.each(['canary', '{"private_key": 1}', '{}'])('refuses other content (%j) without quoting it', (text) => {
    const sealed = box.seal(text, { purpose: 'ssh-credential.private-key', id: 'cred-1' });
    expect(() => openSshCredential(box, 'cred-1', sealed)).toThrow(
      'SSH credential cred-1 holds something else',
    );
  });
});
