import { z } from 'zod';

/** A key that signs API tokens. Public halves are at `/.well-known/jwks.json`; the private half is never shown. */
export const tokenKeyView = z.object({
  kid: z.string(),
  alg: z.enum(['EdDSA', 'ES256', 'RS256']),
  /** `announced`: published, not used yet. `active`: signs. `retiring`: its tokens are valid until they expire. */
  state: z.enum(['announced', 'active', 'retiring']),
  source: z.enum(['database', 'configuration']),
  /** The times are null for keys of the configuration. */
  created_at: z.string().nullable(),
  signs_from: z.string().nullable(),
  replaced_at: z.string().nullable(),
});
export type TokenKeyView = z.infer<typeof tokenKeyView>;

/** The active one first. */
export const tokenKeyList = z.object({ items: z.array(tokenKeyView) });
export type TokenKeyList = z.infer<typeof tokenKeyList>;

/** `at_once`: for a key in foreign hands. Every token that was issued so far is void within seconds. */
export const tokenKeyRotate = z.strictObject({ at_once: z.boolean().default(false) });
