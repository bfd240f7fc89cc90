import { oidcFailure, type OidcFailure } from '@viw/contracts';

/** What happened and what to do, for people. */
const words: Readonly<Record<OidcFailure, string>> = {
  not_begun_here:
    'This sign-in was not begun in this browser, was used already, or took longer than ten minutes. Begin again.',
  refused_by_provider: 'It was cancelled, or the provider does not let you use viw.',
  provider_unavailable: 'The identity provider does not answer. Try again in a moment.',
  not_believed:
    'What the identity provider has said does not hold. An administrator finds the reason in the audit log.',
  unknown_identity:
    'The provider knows you, viw does not: an administrator has to enter your identity first. The audit log shows it.',
  too_many: 'Too many sign-ins from here have failed. Wait a moment.',
};

export interface FailedSignIn {
  readonly text: string;
  /** Correlation id: finds the line in the audit log. */
  readonly reference: string | null;
}

/** What the address says of a sign-in that came back from the provider; null: nothing that viw would say. */
export function failedSignIn(search: string): FailedSignIn | null {
  const query = new URLSearchParams(search);
  const failure = oidcFailure.safeParse(query.get('sign_in_error'));
  if (!failure.success) return null;
  const reference = query.get('reference');
  const isId = reference !== null && /^[0-9a-f-]{36}$/.test(reference);
  return { text: words[failure.data], reference: isId ? reference : null };
}

/** The same address without what `failedSignIn` reads. */
export function withoutFailure(path: string, search: string): string {
  const query = new URLSearchParams(search);
  query.delete('sign_in_error');
  query.delete('reference');
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}
