import { z } from 'zod';

/** The emergency stop: while it is on, no command is accepted and no hub sends one. */
export const freezeRequest = z.strictObject({ reason: z.string().min(1).max(500) });

export const freezeState = z.object({
  frozen: z.boolean(),
  reason: z.string().nullable(),
  frozen_at: z.string().nullable(),
});
export type FreezeState = z.infer<typeof freezeState>;
