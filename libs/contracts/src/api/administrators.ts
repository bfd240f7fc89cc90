import { z } from 'zod';
import { page } from './problem';
import { scope } from './scope';
import { email, password, role } from './session';

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
});
export type AdministratorView = z.infer<typeof administrator>;
export const administratorPage = page(administrator);

/** The password is told to the person, who changes it. */
export const administratorCreate = z.strictObject({ email, password, role, scope: scope.optional() });
export const administratorPatch = z.strictObject({
  role: role.optional(),
  /** Null: not narrowed. */
  scope: scope.nullable().optional(),
  disabled: z.boolean().optional(),
  password: password.optional(),
  /** Takes it away, for who has lost it. */
  second_factor: z.literal(false).optional(),
});

/** One's own. */
export const passwordChange = z.strictObject({ current_password: z.string().min(1).max(256), password });

/** RFC 6238: six digits, every 30 seconds. */
export const totpCode = z.string().regex(/^\d{6}$/, 'six digits');
export const secondFactorCode = z.strictObject({ code: totpCode });
/** Shown here once; it counts when a code of it has been confirmed. */
export const secondFactorCreated = z.object({ secret: z.string(), uri: z.string() });
