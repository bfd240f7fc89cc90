import { z } from 'zod';
import { alertAboutKind } from '../alert-subject';
import { listQuery, page } from './problem';

/** `acknowledged`: somebody has seen it, and it goes on. `resolved` is final; raised again, it is another alert. */
export const alertState = z.enum(['firing', 'acknowledged', 'resolved']);
export const alertSeverity = z.enum(['info', 'warning', 'critical']);

/** Newest first. `state=open`: everything but `resolved`. */
export const alertListQuery = z.strictObject({
  ...listQuery,
  state: z.enum([...alertState.options, 'open']).optional(),
  severity: alertSeverity.optional(),
  kind: z.string().max(64).optional(),
  about_kind: alertAboutKind.optional(),
  about_id: z.string().max(128).optional(),
});

export type AlertFilter = Pick<
  z.output<typeof alertListQuery>,
  'state' | 'severity' | 'kind' | 'about_kind' | 'about_id'
>;

export const alert = z.object({
  id: z.string(),
  /** What raises and clears it. */
  dedupe_key: z.string(),
  /** The first part of the key, such as `certificate-drift`. */
  kind: z.string(),
  state: alertState,
  severity: alertSeverity,
  title: z.string(),
  detail: z.string().nullable(),
  about: z.object({ kind: alertAboutKind, id: z.string() }).nullable(),
  raised_at: z.string(),
  /** The newest time it was raised, and how often in all. */
  last_raised_at: z.string(),
  times: z.int(),
  acknowledged_at: z.string().nullable(),
  acknowledged_by: z.string().nullable(),
  resolved_at: z.string().nullable(),
  /** `cleared`: by who raised it. `subject_gone`: what it was about is deleted. `quiet`: seen, and not raised again. */
  resolution: z.enum(['cleared', 'subject_gone', 'quiet']).nullable(),
});
export type Alert = z.infer<typeof alert>;

export const alertPage = page(alert).extend({
  /** When a notifier was last known to read what is raised. Null: never. Old: what is shown may be old, too. */
  evaluated_at: z.string().nullable(),
});
