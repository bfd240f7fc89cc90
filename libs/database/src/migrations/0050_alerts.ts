import type { Migration } from './migration';

export const alerts: Migration = {
  name: '0050_alerts',
  sql: `
-- What people are told of, from the stream viw.alerts. One open row per key; a resolved one stays as history.
CREATE TABLE viw.alerts (
  id uuid PRIMARY KEY,
  dedupe_key text NOT NULL CHECK (length(dedupe_key) <= 256),
  kind text NOT NULL,
  state text NOT NULL DEFAULT 'firing' CHECK (state IN ('firing', 'acknowledged', 'resolved')),
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  title text NOT NULL,
  detail text,
  -- What it is about, by which it is shown to those who may see that; null: about the whole.
  about_kind text,
  about_id text,
  -- Of what has a UUID.
  about_uuid uuid GENERATED ALWAYS AS (CASE WHEN about_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    THEN about_id::uuid END) STORED,
  correlation_id uuid,
  raised_at timestamptz(3) NOT NULL,
  last_raised_at timestamptz(3) NOT NULL,
  times int NOT NULL DEFAULT 1,
  acknowledged_at timestamptz(3),
  acknowledged_by text,
  resolved_at timestamptz(3),
  resolution text CHECK (resolution IN ('cleared', 'subject_gone', 'quiet')),
  CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
  CHECK ((about_kind IS NULL) = (about_id IS NULL))
);
CREATE UNIQUE INDEX alerts_open ON viw.alerts (dedupe_key) WHERE state <> 'resolved';
CREATE INDEX alerts_about ON viw.alerts (about_kind, about_id);
CREATE INDEX alerts_resolved ON viw.alerts (resolved_at) WHERE state = 'resolved';

-- The newest word about each key, cleared ones included: what comes again or too late changes nothing.
CREATE TABLE viw.alert_marks (
  dedupe_key text PRIMARY KEY,
  at timestamptz(3) NOT NULL,
  event_id uuid NOT NULL
);
CREATE INDEX alert_marks_at ON viw.alert_marks (at);

-- One row: when a notifier last read the stream to its end.
CREATE TABLE viw.alert_upkeep (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  evaluated_at timestamptz(3) NOT NULL
);
`,
};
