import type { AlertAboutKind } from '@viw/contracts';
import type { Generated } from 'kysely';
import type { Instant, InstantDefault, InstantOrNull, Json, SealedEnvelope } from './columns';

export type Severity = 'info' | 'warning' | 'critical';

export interface AlertsTable {
  id: string;
  dedupe_key: string;
  kind: string;
  state: Generated<'firing' | 'acknowledged' | 'resolved'>;
  severity: Severity;
  title: string;
  detail: string | null;
  about_kind: AlertAboutKind | null;
  about_id: string | null;
  correlation_id: string | null;
  raised_at: Instant;
  last_raised_at: Instant;
  times: Generated<number>;
  acknowledged_at: InstantOrNull;
  acknowledged_by: string | null;
  resolved_at: InstantOrNull;
  resolution: 'cleared' | 'subject_gone' | 'quiet' | null;
}

export interface AlertMarksTable {
  dedupe_key: string;
  at: Instant;
  event_id: string;
}

export interface AlertUpkeepTable {
  single: Generated<boolean>;
  evaluated_at: Instant;
}

export interface NotificationChannelsTable {
  id: string;
  name: string;
  kind: 'webhook';
  url: string;
  events: Generated<string[]>;
  min_severity: Generated<Severity>;
  enabled: Generated<boolean>;
  created_at: InstantDefault;
  last_delivered_at: InstantOrNull;
  last_failed_at: InstantOrNull;
  last_error: string | null;
  failing_since: InstantOrNull;
}

export interface NotificationSecretsTable {
  id: string;
  channel_id: string;
  sealed: Json<SealedEnvelope>;
  created_at: InstantDefault;
  retires_at: InstantOrNull;
}

export interface NotificationsTable {
  id: string;
  channel_id: string;
  event_id: string;
  type: string;
  body: string;
  state: Generated<'pending' | 'delivered' | 'given_up'>;
  attempts: Generated<number>;
  created_at: InstantDefault;
  next_attempt_at: InstantDefault;
  finished_at: InstantOrNull;
  last_status: number | null;
  last_error: string | null;
}
