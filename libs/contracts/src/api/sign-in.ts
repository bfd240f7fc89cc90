import { z } from 'zod';

/** How people may come in; told to everybody. */
export const signInWays = z.object({
  password: z.literal(true),
  /** Null: no identity provider is configured. */
  oidc: z
    .object({
      /** For the button: "Sign in with ...". */
      name: z.string(),
    })
    .nullable(),
});
export type SignInWays = z.infer<typeof signInWays>;

/** A path of this origin with its query; never another origin, however a browser reads it. */
export const localPath = z
  .string()
  .max(512)
  .regex(/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/, 'a path of this origin');

/** Where the person wanted to go; only pages of the panel make sense. */
export const oidcBegin = z.strictObject({ return_to: localPath.default('/') });
/** Where the browser is to go: the provider's own page. */
export const oidcBegun = z.object({ url: z.url() });

/**
 * What the provider has the browser bring back (OpenID Connect Core, section 3.1.2.5; RFC 9207). Whatever else it adds falls
 * away.
 */
export const oidcCallback = z.object({
  code: z.string().max(4_096).optional(),
  state: z.string().max(512).optional(),
  iss: z.string().max(1_024).optional(),
  error: z.string().max(128).optional(),
});
export type OidcCallback = z.infer<typeof oidcCallback>;

/**
 * Why nobody was signed in; the page at `/` is told by `sign_in_error`, with the correlation id of the audit line as
 * `reference`.
 */
export const oidcFailure = z.enum([
  /** Not begun by this browser, answered before, or too long ago. */
  'not_begun_here',
  /** The provider says no: cancelled, or not allowed to use viw. */
  'refused_by_provider',
  'provider_unavailable',
  /** What the provider has said does not hold: signature, issuer, audience, time, nonce. */
  'not_believed',
  /** Nobody here has this identity, or the account is disabled. */
  'unknown_identity',
  'too_many',
]);
export type OidcFailure = z.infer<typeof oidcFailure>;
