import { generateSigningKey } from '@viw/commands';
import type { ResultKeys } from '@viw/database';
import { KnownResultKeys } from './known-result-keys';

describe('KnownResultKeys', () => {
  it('asks for each gateway once per age, and for all of a batch at once', async () => {
    const { publicKey } = await generateSigningKey();
    const asked: (readonly string[])[] = [];
    let now = 0;
    const repository = {
      of: async (ids: readonly string[]) => {
        asked.push(ids);
        const keys: ResultKeys = {
          keys: [{ kind: 'signing', jwk: { ...publicKey } }],
          helperSigns: true,
          agentSigns: false,
        };
        return new Map([['a', keys]]);
      },
    };
    const known = new KnownResultKeys({ repository, now: () => now });
    const first = await known.of(['a', 'b', 'a']);
    expect(first.get('a')?.byKid.get(publicKey.kid)?.kind).toBe('signing');
    expect(first.get('b')).toEqual({ helperSigns: false, agentSigns: false, byKid: new Map() });
    now = 2_999;
    await known.of(['a', 'b', 'c']);
    now = 3_000;
    await known.of(['b']);
    expect(asked).toEqual([['a', 'b'], ['c'], ['b']]);
  });
});
