import { z } from 'zod';
import { page } from './problem';
import { scope } from './scope';
import { email, password, role } from './session';

/** Whom an identity provider means: unlike an e-mail address nobody else can come to have it (OpenID Connect Core, section 5.7). */
export const externalIdentity = z.strictObject({
  /** As the provider writes itself, to the letter. */
  issuer: z
    .string()
    .max(512)
    .regex(/^https:\/\/[\x21-\x7e]+$/, 'the https:// address by which the provider names itself'),
  subject: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[\x20-\x7e]+$/, 'printable ASCII'),
});
export type ExternalIdentity = z.infer<typeof externalIdentity>;

export const administrator = z.object({
  id: z.string(),
  email: z.string(),
  role,
  /** Null: not narrowed. */
  scope: scope.nullable(),
  created_at: z.string(),
  last_sign_in_at: z.string().nullable(),
  disabled_at: z.string().nullable(),
  /** Signs in with a code beside the password. */
  second_factor: z.boolean(),
  /** By whom the person may be vouched for instead of a password; null: by nobody. */
  identity: z.object({ issuer: z.string(), subject: z.string() }).nullable(),
  /** Signs in by the identity provider alone. */
  identity_only: z.boolean(),
});
export type AdministratorView = z.infer<typeof administrator>;
export const administratorPage = page(administrator);

/** The password is told to the person, who changes it; without one the person signs in by the identity provider only. */
export const administratorCreate = z
  .strictObject({
    email,
    password: password.optional(),
    identity: externalIdentity.optional(),
    role,
    scope: scope.optional(),
  })
  .refine((given) => given.password !== undefined || given.identity !== undefined, {
    path: ['password'],
    error: 'a password, an identity, or both',
  });
export const administratorPatch = z
  .strictObject({
    role: role.optional(),
    /** Null: not narrowed. */
    scope: scope.nullable().optional(),
    disabled: z.boolean().optional(),
    password: password.optional(),
    /** Null takes it away. */
    identity: externalIdentity.nullable().optional(),
    /** Takes the password away: from then on by the identity provider only, until a password is set. */
    identity_only: z.literal(true).optional(),
    /** Takes it away, for who has lost it. */
    second_factor: z.literal(false).optional(),
  })
  .refine((given) => given.password === undefined || given.identity_only === undefined, {
    path: ['identity_only'],
    error: 'not together with a password',
  });

/** One's own. */
export const passwordChange = z.strictObject({ current_password: z.string().min(1).max(256), password });

/** RFC 6238: six digits, every 30 seconds. */
export const totpCode = z.string().regex(/^\d{6}$/, 'six digits');
export const secondFactorCode = z.strictObject({ code: totpCode });
/** Shown here once; it counts when a code of it has been confirmed. */
export const secondFactorCreated = z.object({ secret: z.string(), uri: z.string() });
