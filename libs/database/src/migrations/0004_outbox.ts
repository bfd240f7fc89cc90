import type { Migration } from './migration';

export const outbox: Migration = {
  name: '0004_outbox',
  sql: `
CREATE TABLE viw.outbox (
  id bigserial PRIMARY KEY,
  stream text NOT NULL,
  event_id uuid NOT NULL UNIQUE,
  v int NOT NULL,
  correlation_id uuid,
  body jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  published_at timestamptz(3)
);
CREATE INDEX outbox_unpublished ON viw.outbox (id) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON viw.outbox (published_at) WHERE published_at IS NOT NULL;

CREATE FUNCTION viw.wake_outbox_relay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('viw_outbox', '');
  RETURN NULL;
END $$;
CREATE TRIGGER outbox_wake AFTER INSERT ON viw.outbox
  FOR EACH STATEMENT EXECUTE FUNCTION viw.wake_outbox_relay();
`,
};
