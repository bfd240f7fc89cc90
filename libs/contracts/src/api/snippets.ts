import { z } from 'zod';
import { stepStatus } from '../streams';

export const snippetApply = z.strictObject({
  /** Also over what was changed by hand on the server. */
  force: z.boolean().default(false),
});

export const snippetResult = z.object({
  /** On the server; null when the host has no snippet to be written, or the server could not be asked. */
  directory: z.string().nullable(),
  files: z.array(
    z.object({
      path: z.string(),
      /** `changed`: by somebody else since viw wrote it; `superfluous`: would not be there any more. */
      state: z.enum(['absent', 'same', 'differs', 'changed', 'superfluous']),
      /** Unified: what is on the server against what would be, or was, written. */
      diff: z.string(),
    }),
  ),
  /** Lines that a person adds to the server's own configuration, once. viw never changes that. */
  includes: z.array(
    z.object({
      file: z.string(),
      line: z.string(),
      where: z.string(),
      /** NGINX reads it by now; null: it could not be asked. */
      included: z.boolean().nullable(),
    }),
  ),
  /** It is in service. False after a preview, and when nothing had to be changed. */
  applied: z.boolean(),
  steps: z.array(
    z.object({
      step: z.string(),
      status: stepStatus,
      detail: z.string().nullable(),
      duration_ms: z.number(),
    }),
  ),
  error: z.object({ code: z.string(), msg: z.string() }).nullable(),
});
export type SnippetResult = z.infer<typeof snippetResult>;

/** The newest preview or application of a virtual host's snippet. */
export const snippetJob = z.object({
  id: z.string(),
  kind: z.enum(['preview', 'apply']),
  force: z.boolean(),
  state: z.enum(['requested', 'running', 'done']),
  requested_at: z.string(),
  finished_at: z.string().nullable(),
  /** Null until it is done. */
  result: snippetResult.nullable(),
});
export type SnippetJob = z.infer<typeof snippetJob>;
