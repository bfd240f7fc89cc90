import type { AcmeAccountPatch, AcmeAccountView } from '@viw/contracts';
import { argumentsFrom } from '../servers/text-form';

/** "ops@example.org, noc@example.org" → as the CA is told. */
export const contactFrom = (text: string): string[] =>
  (argumentsFrom(text.replaceAll(',', ' ')) ?? []).map((address) => `mailto:${address}`);

type Changeable = Pick<AcmeAccountView, 'label' | 'contact' | 'preferred_chain' | 'profile'>;

/** An account as its form shows it; the binding's key never comes out. */
export const typedAccount = (account: Changeable) => ({
  label: account.label,
  contact: account.contact.map((address) => address.replace(/^mailto:/, '')).join(', '),
  preferred_chain: account.preferred_chain ?? '',
  profile: account.profile ?? '',
  kid: '',
  hmac_key: '',
});

/** What differs. An emptied text is taken away (null); a binding goes as a whole or not at all. */
export const acmeAccountChanges = (
  account: Changeable,
  typed: Readonly<ReturnType<typeof typedAccount>>,
): AcmeAccountPatch => {
  const before = typedAccount(account);
  const other = (name: 'label' | 'preferred_chain' | 'profile') => {
    const text = typed[name].trim();
    return text === before[name] ? {} : { [name]: text === '' ? null : text };
  };
  const contact = contactFrom(typed.contact);
  const [kid, hmacKey] = [typed.kid.trim(), typed.hmac_key.trim()];
  return {
    ...other('label'),
    ...(contact.join() === account.contact.join() ? {} : { contact }),
    ...other('preferred_chain'),
    ...other('profile'),
    ...(kid || hmacKey ? { external_account_binding: { kid, hmac_key: hmacKey } } : {}),
  };
};
