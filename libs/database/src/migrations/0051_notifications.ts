import type { Migration } from './migration';

export const notifications: Migration = {
  name: '0051_notifications',
  sql: `
-- Where people and programs are told of alerts and of what becomes of certificates.
CREATE TABLE viw.notification_channels (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  kind text NOT NULL CHECK (kind IN ('webhook')),
  url text NOT NULL,
  -- Types of events; empty: all.
  events text[] NOT NULL DEFAULT '{}',
  min_severity text NOT NULL DEFAULT 'info' CHECK (min_severity IN ('info', 'warning', 'critical')),
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  -- Written by the notifier.
  last_delivered_at timestamptz(3),
  last_failed_at timestamptz(3),
  last_error text,
  -- Since when nothing has arrived, although it was tried.
  failing_since timestamptz(3)
);

-- What deliveries are signed with: the newest one, and the one before it until it retires. Sealed by the backend for the notifier.
CREATE TABLE viw.notification_secrets (
  id uuid PRIMARY KEY,
  channel_id uuid NOT NULL REFERENCES viw.notification_channels (id) ON DELETE CASCADE,
  sealed jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  retires_at timestamptz(3)
);
CREATE INDEX notification_secrets_channel ON viw.notification_secrets (channel_id, id DESC);

-- The queue and its record: one row per channel and event.
CREATE TABLE viw.notifications (
  id uuid PRIMARY KEY,
  channel_id uuid NOT NULL REFERENCES viw.notification_channels (id) ON DELETE CASCADE,
  event_id uuid NOT NULL,
  type text NOT NULL,
  -- Exactly what is signed and sent.
  body text NOT NULL,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'given_up')),
  attempts int NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  next_attempt_at timestamptz(3) NOT NULL DEFAULT now(),
  finished_at timestamptz(3),
  last_status int,
  last_error text,
  UNIQUE (channel_id, event_id, type)
);
CREATE INDEX notifications_pending ON viw.notifications (channel_id, id) WHERE state = 'pending';
CREATE INDEX notifications_log ON viw.notifications (channel_id, id DESC);
CREATE INDEX notifications_finished ON viw.notifications (finished_at) WHERE state <> 'pending';
`,
};
