import { AppError, zSecret } from '@viw/runtime';
import { z } from 'zod';
import { OIDC_CALLBACK_PATH } from './auth/oidc/browser-token';
import { idTokenAlgorithms } from './auth/oidc/identity-provider';
import type { IdentityProviderOptions } from './auth/oidc/identity-provider';

const isIssuer = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, search, hash } = new URL(text);
  return protocol === 'https:' && username === '' && search === '' && hash === '';
};

/** Sign-in of people by an OpenID Connect provider. */
export const oidcSettings = {
  /** The provider, as it writes itself, to the letter. Without it nobody signs in this way. */
  BACKEND_OIDC_ISSUER: z.string('an https:// URL').max(512).refine(isIssuer, 'an https:// URL').optional(),
  BACKEND_OIDC_CLIENT_ID: z.string().min(1).max(256).optional(),
  BACKEND_OIDC_CLIENT_SECRET: zSecret(8).optional(),
  /** On the button: "Sign in with ...". */
  BACKEND_OIDC_NAME: z.string().min(1).max(64).default('single sign-on'),
  /** By what the provider signs ID tokens; nothing else is believed. */
  BACKEND_OIDC_SIGNING_ALGORITHM: z.enum(idTokenAlgorithms, idTokenAlgorithms.join(', ')).default('RS256'),
  /** PEM file: the provider's certificate must lead to one of these, and no longer to what Node trusts. */
  BACKEND_OIDC_CA_FILE: z.string('a path').min(1).max(4_096).optional(),
} as const;

type OidcConfig = z.output<z.ZodObject<typeof oidcSettings>> & {
  readonly BACKEND_PUBLIC_URL?: string | undefined;
  readonly BACKEND_COOKIE_SECURE: boolean;
};

/** Half a configuration is refused, rather than taken for none. @throws AppError CONFIG_INVALID */
export function assertOidcComplete(config: OidcConfig): void {
  const needed = ['BACKEND_OIDC_CLIENT_ID', 'BACKEND_OIDC_CLIENT_SECRET'] as const;
  const given = needed.some((name) => config[name] !== undefined) || config.BACKEND_OIDC_ISSUER !== undefined;
  if (!given) return;
  const missing = (['BACKEND_OIDC_ISSUER', ...needed, 'BACKEND_PUBLIC_URL'] as const).filter(
    (name) => config[name] === undefined,
  );
  if (missing.length > 0)
    throw new AppError('CONFIG_INVALID', `needed as well: ${missing.join(', ')}`, {
      meta: { errors: missing.map((path) => ({ path, msg: 'missing' })) },
    });
  if (config.BACKEND_COOKIE_SECURE && config.BACKEND_PUBLIC_URL?.startsWith('https://') !== true)
    throw new AppError('CONFIG_INVALID', 'BACKEND_PUBLIC_URL: https:// while BACKEND_COOKIE_SECURE is on');
}

/** Undefined: no provider is configured. */
export function oidcOptions(config: OidcConfig): IdentityProviderOptions | undefined {
  const {
    BACKEND_OIDC_ISSUER: issuer,
    BACKEND_OIDC_CLIENT_ID: clientId,
    BACKEND_OIDC_CLIENT_SECRET: clientSecret,
    BACKEND_PUBLIC_URL: publicUrl,
  } = config;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined || publicUrl === undefined)
    return undefined;
  return {
    issuer,
    clientId,
    clientSecret,
    redirectUri: publicUrl + OIDC_CALLBACK_PATH,
    algorithm: config.BACKEND_OIDC_SIGNING_ALGORITHM,
    caFile: config.BACKEND_OIDC_CA_FILE,
  };
}
