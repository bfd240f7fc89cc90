import { z } from 'zod';

/** What a process of viw says of itself in Redis (`processesKey`). Anybody who may write there may say anything. */
export const processFacts = z.object({
  service: z.string().min(1).max(64),
  /** Host and process id: one life of one process. */
  instance: z.string().min(1).max(128),
  version: z.string().min(1).max(64),
  started_at: z.iso.datetime(),
});
export type ProcessFacts = z.infer<typeof processFacts>;
