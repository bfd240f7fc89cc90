import { randomUUID } from 'node:crypto';
import { generateSealingKey } from './keys';
import type { SealingKeyPair } from './keys';
import { HIDDEN, redactArguments, redactValues } from './redaction';
import { openArguments, sealArguments } from './sealing';

const args = {
  username: 'alice',
  userpass: 'correct horse',
  source_ip: '192.0.2.7',
  key: 'S2V5S2V5S2V5S2V5',
  hmac_key: 'SG1hY0htYWNIbWFj',
  timeout: 60,
};

describe('sealed arguments', () => {
  let keys: SealingKeyPair;
  const context = { correlationId: randomUUID(), agentId: 'gw-1' };
  const seal = () => sealArguments('create_openvpn_user', args, keys.publicKey, context);

  beforeAll(async () => {
    keys = await generateSealingKey();
  });

  it('hide the secret ones only and open again', async () => {
    const sealed = await seal();
    expect(sealed).toMatchObject({
      username: 'alice',
      timeout: 60,
      userpass: { sealed: expect.any(String) as string },
    });
    expect(JSON.stringify(sealed)).not.toContain('correct horse');
    const opened = await openArguments('create_openvpn_user', sealed, keys.privateKey, context);
    expect(opened).toEqual({ args, secrets: [args.userpass, args.key, args.hmac_key] });
  });

  it('have a length that does not tell that of a password', async () => {
    const lengths = await Promise.all(
      ['12345678', 'a much longer password than that'].map(async (password) => {
        const sealed = await sealArguments(
          'create_panel_user',
          { username: 'bob', password },
          keys.publicKey,
          context,
        );
        return JSON.stringify(sealed).length;
      }),
    );
    expect(lengths[0]).toBe(lengths[1]);
  });

  it('do not open for another command, gateway, argument or key, nor when altered', async () => {
    const sealed = await seal();
    const { sealed: jwe } = sealed['key'] as { sealed: string };
    const attempts: Parameters<typeof openArguments>[] = [
      ['create_openvpn_user', sealed, keys.privateKey, { ...context, correlationId: randomUUID() }],
      ['create_openvpn_user', sealed, keys.privateKey, { ...context, agentId: 'gw-2' }],
      ['create_openvpn_user', { ...sealed, hmac_key: sealed['key'] }, keys.privateKey, context],
      ['create_openvpn_user', sealed, (await generateSealingKey()).privateKey, context],
      [
        'create_openvpn_user',
        { ...sealed, key: { sealed: `${jwe.slice(0, -4)}AAAA` } },
        keys.privateKey,
        context,
      ],
      ['create_openvpn_user', { ...sealed, key: { sealed: 'garbage' } }, keys.privateKey, context],
    ];
    for (const attempt of attempts) {
      await expect(openArguments(...attempt)).rejects.toMatchObject({ code: 'INVALID_SIGNATURE' });
    }
  });

  it('must be sealed where they are secret, and only there', async () => {
    const sealed = await seal();
    const clear = { ...sealed, userpass: 'correct horse' };
    await expect(openArguments('create_openvpn_user', clear, keys.privateKey, context)).rejects.toMatchObject(
      {
        code: 'SCHEMA_MISMATCH',
      },
    );
    await expect(
      openArguments('create_openvpn_user', clear, keys.privateKey, context, { allowClear: true }),
    ).resolves.toMatchObject({ args, secrets: expect.arrayContaining(['correct horse']) as string[] });
    const odd = { ...sealed, username: sealed['key'] };
    await expect(openArguments('create_openvpn_user', odd, keys.privateKey, context)).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
    });
  });
});

describe('redaction', () => {
  it('of arguments hides what is secret or unknown', () => {
    expect(redactArguments('create_panel_user', { username: 'bob', password: 'x', other: 1 })).toEqual({
      username: 'bob',
      password: HIDDEN,
      other: HIDDEN,
    });
    expect(redactArguments('no_such_verb', { username: 'bob' })).toEqual({ username: HIDDEN });
  });

  it('of values finds every usual spelling', () => {
    const secret = 'p"ss wörd+1';
    const bytes = Buffer.from(secret);
    const text = [
      secret,
      JSON.stringify({ secret }),
      encodeURIComponent(secret),
      bytes.toString('base64'),
      bytes.toString('hex'),
    ].join(' | ');
    expect(redactValues(text, [secret, 'abc'])).toMatch(
      /^\*\*\* \| \{"secret":"\*\*\*"\} \| \*\*\* \| \*\*\*=* \| \*\*\*$/,
    );
    expect(redactValues('an abc book', ['abc'])).toBe('an abc book');
    expect(redactValues('outer-inner-outer', ['inner', 'outer-inner-outer'])).toBe(HIDDEN);
  });
});
