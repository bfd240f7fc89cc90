import { z } from 'zod';

/** A key of the backend's own. Its private half is never shown. */
export const commandKey = z.object({
  kid: z.string(),
  /** `signing`: of commands and of what hosts are told. `sealing`: of secret results. */
  purpose: z.enum(['signing', 'sealing']),
  /** `announced`: hosts are told. `active`: in use. `retiring`: still trusted. `retired`: trusted no more, destroyed. */
  state: z.enum(['announced', 'active', 'retiring', 'retired']),
  public_jwk: z.record(z.string(), z.string()),
  created_at: z.string(),
  activated_at: z.string().nullable(),
  retiring_at: z.string().nullable(),
  retired_at: z.string().nullable(),
});
export const commandKeyList = z.object({
  items: z.array(commandKey),
  /** Of the newest policy that hosts are given. */
  host_policy_version: z.int(),
});
export type CommandKeyList = z.infer<typeof commandKeyList>;
