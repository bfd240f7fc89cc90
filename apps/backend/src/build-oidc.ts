import type { Logger } from '@viw/runtime';
import { AddressLimiter } from './auth/address-limiter';
import { IdentityProvider } from './auth/oidc/identity-provider';
import type { CompleteConfig } from './config';
import { oidcOptions } from './oidc-settings';
import type { OidcSignInDeps } from './services/oidc-sign-in-service';
import { OidcSignInService } from './services/oidc-sign-in-service';

/** Of sign-ins that fail, per address: nobody can guess, and everybody may try. */
const failures = { burst: 20, everyMs: 3_000 } as const;

/** Sign-in by an identity provider; without one configured it lets nobody in. */
export function buildOidcSignIn(
  config: CompleteConfig,
  {
    logger,
    ...deps
  }: Pick<OidcSignInDeps, 'store' | 'authenticator' | 'audit'> & { readonly logger: Logger },
): OidcSignInService {
  const options = oidcOptions(config);
  const provider = options && new IdentityProvider(options, { logger });
  const limiter = new AddressLimiter(failures);
  return new OidcSignInService({ name: config.BACKEND_OIDC_NAME }, { ...deps, provider, limiter });
}
