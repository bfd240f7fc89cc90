import { acmeAccountPatch } from '@viw/contracts';
import { acmeAccountChanges, typedAccount } from './acme-account-changes';

const account = {
  label: 'Company CA',
  contact: ['mailto:ops@example.org'],
  preferred_chain: 'Root X2',
  profile: null,
};

describe('changes of an ACME account', () => {
  it('are what differs; an emptied text is taken away', () => {
    const typed = typedAccount(account);
    expect(acmeAccountChanges(account, typed)).toEqual({});
    const patch = acmeAccountChanges(account, {
      ...typed,
      contact: 'ops@example.org noc@example.org',
      preferred_chain: ' ',
      profile: 'shortlived',
    });
    expect(patch).toEqual({
      contact: ['mailto:ops@example.org', 'mailto:noc@example.org'],
      preferred_chain: null,
      profile: 'shortlived',
    });
    expect(acmeAccountPatch.safeParse(patch).success).toBe(true);
  });

  it('do not take the last address away, and half a binding is refused', () => {
    const typed = typedAccount(account);
    const refused = (change: Partial<typeof typed>) =>
      acmeAccountPatch.safeParse(acmeAccountChanges(account, { ...typed, ...change })).error?.issues[0]?.path;
    expect(refused({ contact: '' })).toEqual(['contact']);
    expect(refused({ kid: 'key-1' })).toEqual(['external_account_binding', 'hmac_key']);
    expect(refused({ hmac_key: 'MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz' })).toEqual([
      'external_account_binding',
      'kid',
    ]);
  });
});
