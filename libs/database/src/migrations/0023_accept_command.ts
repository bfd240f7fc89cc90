import type { Migration } from './migration';

/**
 * Acceptance of a command as one statement, so that its locks last no longer than a commit and a request waits for
 * Postgres twice: to look at the gateway, and to store.
 */
export const acceptCommand: Migration = {
  name: '0023_accept_command',
  sql: `
-- What decides whether a gateway takes a command; one row, whether there is such a gateway or not. "seen" is the same
-- as long as nothing of it has changed.
CREATE FUNCTION viw.command_target(agent text) RETURNS TABLE (frozen boolean, frozen_reason text, state text,
  revoked boolean, supported_verbs jsonb, sealing_key jsonb, allow_plain_secrets boolean, seen text) LANGUAGE sql STABLE AS $$
  SELECT t.*, md5(t::text) FROM (
    SELECT r.frozen, r.frozen_reason, g.state, g.revoked_at IS NOT NULL, g.supported_verbs, k.public_jwk,
      g.allow_plain_secrets
    FROM viw.gateway_registry r
    LEFT JOIN viw.os_gateways g ON g.agent_id = agent
    LEFT JOIN viw.gateway_credentials k ON k.agent_id = g.agent_id AND k.kind = 'sealing' AND k.active
  ) AS t $$;

-- Stores a command made for a gateway as it was seen, with its outbox row and, if given, its audit line; documents are
-- rows of these tables. What came of it: 'accepted', 'target_changed', 'queue_full', or 'taken' (its correlation id or
-- idempotency key is another command's). Nothing is stored then. Waits for others who accept for the same gateway and
-- for a freeze, at most 2 s each (SQLSTATE 55P03); every statement below sees what was committed by then.
CREATE FUNCTION viw.accept_command(command jsonb, entry jsonb, audit jsonb, seen_target text, max_open int)
RETURNS text LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
  agent text := command ->> 'agent_id';
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7308);
  PERFORM pg_advisory_xact_lock(7305, hashtext(agent));
  IF seen_target IS DISTINCT FROM (SELECT t.seen FROM viw.command_target(agent) AS t) THEN
    RETURN 'target_changed';
  END IF;
  IF (SELECT count(*) >= max_open FROM viw.agent_commands c WHERE c.agent_id = agent
      AND c.status IN ('accepted', 'queued', 'dispatched', 'acknowledged')) THEN
    RETURN 'queue_full';
  END IF;
  INSERT INTO viw.agent_commands (correlation_id, agent_id, verb, parameters_redacted, jws, idempotency_key,
    issued_by_kind, issued_by_id, issued_by_name, accepted_at, expires_at, timeout_s, plain_secrets)
  SELECT c.correlation_id, c.agent_id, c.verb, c.parameters_redacted, c.jws, c.idempotency_key,
    c.issued_by_kind, c.issued_by_id, c.issued_by_name, c.accepted_at, c.expires_at, c.timeout_s, c.plain_secrets
  FROM jsonb_populate_record(NULL::viw.agent_commands, command) AS c ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN 'taken';
  END IF;
  INSERT INTO viw.outbox (stream, event_id, v, correlation_id, body)
  SELECT e.stream, e.event_id, e.v, e.correlation_id, e.body
  FROM jsonb_populate_record(NULL::viw.outbox, entry) AS e;
  IF audit IS NOT NULL THEN
    INSERT INTO viw.audit_log (actor_kind, actor_id, actor_name, action, object_kind, object_id, outcome,
      correlation_id, address, detail)
    SELECT a.actor_kind, a.actor_id, a.actor_name, a.action, a.object_kind, a.object_id, a.outcome,
      a.correlation_id, a.address, a.detail
    FROM jsonb_populate_record(NULL::viw.audit_log, audit) AS a;
  END IF;
  RETURN 'accepted';
END $$;

REVOKE ALL ON FUNCTION viw.command_target(text), viw.accept_command(jsonb, jsonb, jsonb, text, int) FROM PUBLIC;
`,
};
