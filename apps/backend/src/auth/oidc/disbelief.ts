import { AppError } from '@viw/runtime';
import * as oidc from 'openid-client';

/** What stands in log and audit of an error: its kind and which claim, never its text, which may hold tokens. */
const plain = (text: unknown): string | undefined =>
  typeof text === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(text) ? text : undefined;

const claimOf = (error: unknown): string | undefined => {
  for (let at = error, depth = 0; at instanceof Object && depth < 4; depth++) {
    const claim = plain((at as { claim?: unknown }).claim);
    if (claim !== undefined) return claim;
    at = (at as { cause?: unknown }).cause;
  }
  return undefined;
};

const refused = (reason: 'refused_by_provider' | 'not_believed', check: string | undefined): AppError =>
  new AppError('FORBIDDEN', 'The identity provider vouches for nobody', {
    meta: { reason, check: check ?? 'unknown' },
  });

const answers = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
]);

/** In our terms: UNAVAILABLE when nothing was learnt, FORBIDDEN with `reason` and `check` when something does not hold. */
export function disbelief(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // The provider has said no: to the person, or to this client.
  if (error instanceof oidc.AuthorizationResponseError)
    return refused('refused_by_provider', plain(error.error));
  if (error instanceof oidc.ResponseBodyError) return refused('not_believed', plain(error.error));
  if (error instanceof oidc.WWWAuthenticateChallengeError)
    return refused('not_believed', 'client_authentication');
  if (error instanceof oidc.ClientError) {
    const { code } = error;
    // Without a code it is what the network has said.
    if (code === undefined || answers.has(code))
      return new AppError('UNAVAILABLE', 'The identity provider does not answer', { cause: error });
    const claim = claimOf(error);
    return refused('not_believed', claim === undefined ? plain(code) : `${code}.${claim}`);
  }
  return refused('not_believed', undefined);
}
