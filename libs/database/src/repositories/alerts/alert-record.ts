import type { Alert } from '@viw/contracts';
import { sql } from 'kysely';

/** `a` is alerts. */
export const alertColumns = sql`a.id, a.dedupe_key, a.kind, a.state, a.severity, a.title, a.detail,
  CASE WHEN a.about_kind IS NOT NULL THEN jsonb_build_object('kind', a.about_kind, 'id', a.about_id) END AS about,
  a.raised_at, a.last_raised_at, a.times, a.acknowledged_at, a.acknowledged_by, a.resolved_at, a.resolution`;

/** An alert that has become something else than it was. */
export interface AlertTransition {
  /** `escalated`: it was open already, and is critical now. `repeated`: only its words are newer. */
  readonly change: 'raised' | 'escalated' | 'repeated' | 'resolved';
  readonly alert: Alert;
  /** Of the entry that did it; of an end that no entry brought, the alert's own id. */
  readonly event_id: string;
  readonly at: string;
}
