import type { Migration } from './migration';

/** Who may run a verb, where, and whether a second person has to approve: docs/adr/0033. */
export const verbPolicies: Migration = {
  name: '0065_verb_policies',
  sql: `
-- Versions of all policies together, so that "<verb>@<version>" means one policy for good, deleted ones included. They follow
-- the clock (libs/database/src/repositories/approvals), so that a restored backup gives none of them again.
CREATE SEQUENCE viw.verb_policy_versions;
CREATE TABLE viw.verb_policies (
  verb text PRIMARY KEY,
  version bigint NOT NULL UNIQUE,
  roles text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ ARRAY['admin', 'operator']),
  -- As in a scope (libs/contracts). Null: everywhere.
  selector jsonb,
  approval text NOT NULL CHECK (approval IN ('none', 'second_person')),
  approval_ttl_s int NOT NULL CHECK (approval_ttl_s BETWEEN 60 AND 86400),
  max_targets int CHECK (max_targets > 0),
  changed_by_kind text NOT NULL,
  changed_by_id text NOT NULL,
  changed_by_name text NOT NULL,
  changed_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE viw.approval_requests (
  -- Of a command: its correlation id.
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('command', 'verb_policy')),
  verb text NOT NULL,
  agent_id text,
  parameters_redacted jsonb,
  -- As they will be signed: secret ones are sealed. Null once the request has ended.
  arguments jsonb,
  -- What secret arguments are sealed to; null: none is secret.
  sealing_key jsonb,
  ttl_s int,
  policy_from jsonb,
  -- Null: deletion.
  policy_to jsonb,
  policy_version bigint,
  policy_id text NOT NULL,
  requested_by_kind text NOT NULL,
  requested_by_id text NOT NULL,
  requested_by_name text NOT NULL,
  reason text,
  requested_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  status text NOT NULL DEFAULT 'waiting'
    CHECK (status IN ('waiting', 'approved', 'rejected', 'withdrawn', 'expired', 'invalid')),
  decided_by_kind text,
  decided_by_id text,
  decided_by_name text,
  decided_at timestamptz(3),
  decision_note text,
  CHECK (CASE kind WHEN 'command' THEN num_nulls(agent_id, parameters_redacted, ttl_s) = 0
    ELSE num_nulls(policy_from, policy_version) = 0 AND agent_id IS NULL END),
  CHECK (arguments IS NULL OR status = 'waiting')
);
CREATE INDEX approval_requests_newest ON viw.approval_requests (requested_at DESC, id DESC);
CREATE INDEX approval_requests_waiting ON viw.approval_requests (expires_at) WHERE status = 'waiting';
CREATE INDEX approval_requests_ended ON viw.approval_requests (expires_at) WHERE status <> 'waiting';

-- The people who made an API client or have been shown a credential of it: what it asks for, they have asked for.
CREATE TABLE viw.api_client_makers (
  client_id uuid NOT NULL REFERENCES viw.api_clients (id) ON DELETE CASCADE,
  administrator_id uuid NOT NULL,
  PRIMARY KEY (client_id, administrator_id)
);
-- Those of clients that are older than this table, as far as the audit log still tells; of what a client made, the people
-- behind that client, be it gone since.
WITH RECURSIVE made AS MATERIALIZED (
  SELECT DISTINCT coalesce(a.detail ->> 'client_id', a.object_id) AS client, a.actor_kind, a.actor_id
  FROM viw.audit_log a
  WHERE a.actor_kind IN ('administrator', 'api_client') AND a.outcome = 'success'
    AND a.actor_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    AND a.action IN ('api_client.create', 'api_key.create', 'api_token.create', 'api_client.certificate_add')),
behind (client, person) AS (
  SELECT m.client, m.actor_id FROM made m WHERE m.actor_kind = 'administrator'
  UNION
  SELECT m.client, b.person FROM behind b JOIN made m ON m.actor_kind = 'api_client' AND m.actor_id = b.client)
INSERT INTO viw.api_client_makers (client_id, administrator_id)
SELECT c.id, b.person::uuid FROM behind b JOIN viw.api_clients c ON c.id::text = b.client;

CREATE INDEX agent_commands_open_verb ON viw.agent_commands (verb, agent_id)
  WHERE status IN ('accepted', 'queued', 'dispatched', 'acknowledged');

CREATE FUNCTION viw.policy_holds_gateway(selector jsonb, agent text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT selector IS NULL OR coalesce(selector -> 'ids' ? agent, false) OR EXISTS (SELECT FROM viw.os_gateways g
    WHERE g.agent_id = agent AND selector -> 'labels' <> '{}' AND g.labels @> (selector -> 'labels')) $$;

-- As in 0023, and by the verb's policy. It has to be the one that the command was made under (its "policy_id"; a backend from
-- before this migration names none, and gets 'target_changed' where there is one); 'not_approved': the policy asks for a second
-- person, and this very transaction has not approved exactly this command; 'too_many_targets'. An id that somebody has asked
-- an approval under is taken. Who changes a policy waits for those who accept, and they for it.
CREATE OR REPLACE FUNCTION viw.accept_command(command jsonb, entry jsonb, audit jsonb, seen_target text, max_open int)
RETURNS text LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
  agent text := command ->> 'agent_id';
  its_verb text := command ->> 'verb';
  policy viw.verb_policies;
  request viw.approval_requests;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7308);
  PERFORM pg_advisory_xact_lock(7305, hashtext(agent));
  IF seen_target IS DISTINCT FROM (SELECT t.seen FROM viw.command_target(agent) AS t) THEN
    RETURN 'target_changed';
  END IF;
  SELECT * INTO policy FROM viw.verb_policies p WHERE p.verb = its_verb;
  IF coalesce(command ->> 'policy_id', 'default') <> coalesce(policy.verb || '@' || policy.version, 'default') THEN
    RETURN 'target_changed';
  END IF;
  SELECT * INTO request FROM viw.approval_requests r WHERE r.id = (command ->> 'correlation_id')::uuid;
  IF request.id IS NOT NULL AND (request.status <> 'approved' OR request.kind <> 'command'
      OR request.decided_at <> now()::timestamptz(3) OR request.agent_id <> agent OR request.verb <> its_verb
      OR request.parameters_redacted <> command -> 'parameters_redacted') THEN
    RETURN 'taken';
  END IF;
  IF policy.verb IS NOT NULL THEN
    IF policy.approval = 'second_person' AND request.id IS NULL THEN
      RETURN 'not_approved';
    END IF;
    IF NOT viw.policy_holds_gateway(policy.selector, agent) THEN
      RETURN 'target_changed';
    END IF;
    IF policy.max_targets IS NOT NULL THEN
      PERFORM pg_advisory_xact_lock(7365, hashtext(its_verb));
      IF (SELECT count(DISTINCT c.agent_id) >= policy.max_targets FROM viw.agent_commands c
          WHERE c.verb = its_verb AND c.agent_id <> agent
            AND c.status IN ('accepted', 'queued', 'dispatched', 'acknowledged')) THEN
        RETURN 'too_many_targets';
      END IF;
    END IF;
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

-- Requests that have ended, as in 0059; oldest first.
CREATE FUNCTION viw.forget_approvals(keep_days int, at_most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cutoff timestamptz := viw.retention_cutoff(keep_days, 31, at_most);
  gone int;
BEGIN
  WITH old AS MATERIALIZED (
    SELECT r.id FROM viw.approval_requests r WHERE r.status <> 'waiting' AND r.expires_at < cutoff
    ORDER BY r.expires_at LIMIT at_most FOR UPDATE SKIP LOCKED)
  DELETE FROM viw.approval_requests r USING old WHERE r.id = old.id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$;

REVOKE ALL ON FUNCTION viw.policy_holds_gateway(jsonb, text), viw.forget_approvals(int, int) FROM PUBLIC;
`,
};
