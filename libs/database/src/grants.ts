import type { Database } from './schema';

/** One group role (NOLOGIN) per service; accounts are made members of it. */
export const serviceRoles = [
  'viw_backend',
  'viw_telemetry_writer',
  'viw_results_writer',
  'viw_cert_worker',
  'viw_notifier',
] as const;
export type ServiceRole = (typeof serviceRoles)[number];

type Privilege = string;
type Grants = Partial<Record<keyof Database, Privilege>>;

const read = 'SELECT';
const append = 'SELECT, INSERT';
const keep = 'SELECT, INSERT, UPDATE';
const manage = 'SELECT, INSERT, UPDATE, DELETE';
const columns = (privilege: string, ...names: string[]): string => `${privilege} (${names.join(', ')})`;

const sessionIdentity = ['session_id', 'agent_id', 'hub', 'conn_id', 'epoch', 'remote_ip'];
const sessionFacts = [
  'connected_at',
  'last_heartbeat_at',
  'disconnected_at',
  'reason',
  'code',
  'replaced_by',
];

const helloAndSessionFacts = [
  'state',
  'hello_epoch',
  'reported_site',
  'version',
  'hostname',
  'os',
  'kernel',
  'container_engine',
  'supported_verbs',
  'capabilities',
  'max_concurrency',
  'agent_started_at',
  'epoch',
  'session_ended',
  'session_id',
  'hub',
  'remote_ip',
  'connected',
  'first_seen_at',
  'last_seen_at',
  'lost_at',
];

/** What may be said of an ACME account when it is made; the MAC key of its binding goes in sealed and is not read. */
const accountRequest = [
  ...[
    'id',
    'origin',
    'issuer',
    'label',
    'directory_url',
    'directory_ca',
    'contact',
    'eab_kid',
    'eab_key_sealed',
  ],
  ...['key_type', 'terms_agreed', 'preferred_chain', 'profile', 'wanted', 'next_attempt_at'],
];
const accountFacts = [
  ...accountRequest.filter((column) => column !== 'eab_key_sealed'),
  ...['account_url', 'revision', 'attempts', 'failure', 'deactivated_at', 'created_at'],
];

/**
 * Exactly what each service may do. What is absent is refused by Postgres: a HELLO cannot change what people set, the
 * telemetry writer sees no credential and the results writer only public keys, the backend cannot read a private key it has stored, nobody
 * can change or delete a line of the audit log or a result.
 */
export const grants: Record<ServiceRole, Grants> = {
  viw_backend: {
    os_gateways: keep,
    gateway_credentials: keep,
    enrollment_tokens: manage,
    gateway_registry: 'SELECT, UPDATE',
    os_gateway_status: read,
    os_gateway_points: read,
    agent_sessions: read,
    agent_events: read,
    agent_commands: keep,
    agent_command_results: read,
    command_keys: keep,
    host_policies: manage,
    certificate_authorities: keep,
    issued_certificates: 'SELECT, INSERT, DELETE',
    listener_certificates: manage,
    listener_acme_accounts: keep,
    service_certificates: `SELECT, INSERT, DELETE, ${columns('UPDATE', 'revoked_at', 'revocation_reason')}`,
    authority_requests: columns('SELECT', 'id', 'purpose', 'request', 'request_sealed', 'created_at'),
    outbox: manage,
    administrators: manage,
    sessions: manage,
    oidc_sign_ins: 'SELECT, INSERT, DELETE',
    api_clients: manage,
    api_keys: manage,
    api_client_certificates: manage,
    api_client_makers: append,
    verb_policies: manage,
    approval_requests: `${append}, ${columns('UPDATE', 'status', 'arguments', 'decided_by_kind', 'decided_by_id', 'decided_by_name', 'decided_at', 'decision_note')}`,
    revoked_tokens: manage,
    token_keys: manage,
    idempotency_keys: manage,
    audit_log: append,
    audit_unsealed: 'SELECT, DELETE',
    audit_chain: append,
    audit_checkpoints: append,
    // Written by a cut alone, which is the only way for a line to go.
    audit_archive: read,
    audit_retention_floor: read,
    ssh_credentials: `INSERT, DELETE, ${columns('SELECT', 'id', 'name', 'username', 'public_fingerprint', 'created_at')}, ${columns('UPDATE', 'name', 'username', 'sealed', 'public_fingerprint')}`,
    nginx_servers: manage,
    server_probes: manage,
    virtual_hosts: manage,
    snippet_jobs: manage,
    certificates: keep,
    certificate_operations: keep,
    certificate_operation_steps: read,
    certificate_operation_targets: read,
    // Of virtual hosts that serve nothing of viw any more.
    served_checks: 'SELECT, DELETE',
    dns_providers: `INSERT, DELETE, ${columns('SELECT', 'id', 'name', 'kind', 'zones', 'settings', 'created_at')}, ${columns('UPDATE', 'name', 'zones', 'settings', 'sealed')}`,
    manual_records: `SELECT, ${columns('UPDATE', 'state')}`,
    certificate_versions: columns(
      'SELECT',
      'id',
      'certificate_id',
      'operation_id',
      'cert_pem',
      'chain_pem',
      'serial',
      'fingerprint_sha256',
      'issuer',
      'names',
      'not_before',
      'not_after',
      'created_at',
      'revoked_at',
      'quarantined_at',
      'key_destroyed_at',
    ),
    deployments: read,
    renewal_plans: read,
    certificate_failures: read,
    alerts: `SELECT, ${columns('UPDATE', 'state', 'acknowledged_at', 'acknowledged_by')}`,
    alert_upkeep: read,
    notification_channels: `SELECT, INSERT, DELETE, ${columns('UPDATE', 'name', 'url', 'events', 'min_severity', 'enabled')}`,
    notification_secrets: `INSERT, DELETE, ${columns('SELECT', 'id', 'channel_id', 'created_at', 'retires_at')}, ${columns('UPDATE', 'retires_at')}`,
    notifications: append,
    acme_accounts: `${columns('SELECT', ...accountFacts)}, ${columns('INSERT', ...accountRequest)}, ${columns('UPDATE', 'label', 'contact', 'eab_kid', 'eab_key_sealed', 'preferred_chain', 'profile', 'wanted', 'revision', 'attempts', 'next_attempt_at', 'failure')}`,
  },
  viw_telemetry_writer: {
    os_gateways: `SELECT, INSERT, ${columns('UPDATE', ...helloAndSessionFacts)}`,
    os_gateway_status: keep,
    os_gateway_points: keep,
    // Not when it was stored: by that it is kept.
    agent_sessions: `SELECT, ${columns('INSERT', ...sessionIdentity, ...sessionFacts)}, ${columns('UPDATE', ...sessionFacts)}`,
    agent_events: `SELECT, ${columns('INSERT', 'agent_id', 'event_id', 'kind', 'name', 'data', 'ts', 'received_at')}`,
  },
  viw_results_writer: {
    agent_commands: `${columns('SELECT', 'correlation_id', 'agent_id', 'verb', 'status', 'reason', 'queued_at', 'dispatched_at', 'acknowledged_at', 'finished_at')}, ${columns('UPDATE', 'status', 'reason', 'dispatched_at', 'acknowledged_at', 'finished_at')}`,
    agent_command_results: append,
    // Public keys only: results are held against them.
    gateway_credentials: columns(
      'SELECT',
      'agent_id',
      'kind',
      'public_jwk',
      'active',
      'replaced_at',
      'revoked_at',
    ),
  },
  viw_cert_worker: {
    ssh_credentials: read,
    nginx_servers: read,
    server_probes: 'SELECT, UPDATE',
    virtual_hosts: read,
    snippet_jobs: 'SELECT, UPDATE',
    certificates: `SELECT, ${columns('UPDATE', 'state', 'current_version_id', 'renew_at', 'fencing')}`,
    certificate_operations: 'SELECT, UPDATE',
    certificate_operation_steps: append,
    certificate_operation_targets: keep,
    served_checks: keep,
    certificate_order_keys: manage,
    certificate_versions: `SELECT, INSERT, ${columns('UPDATE', 'revoked_at', 'quarantined_at')}`,
    deployments: `SELECT, ${columns('INSERT', 'id', 'virtual_host_id', 'certificate_id', 'version_id', 'operation_id', 'proved_at', 'proof')}, ${columns('UPDATE', 'is_current')}`,
    challenge_answers: manage,
    challenge_files: manage,
    dns_providers: read,
    manual_records: manage,
    renewal_plans: keep,
    certificate_failures: manage,
    certificate_alerts: manage,
    acme_accounts: keep,
    // The key of no other authority; its own revocation list goes by a function.
    certificate_authorities: columns(
      'SELECT',
      'id',
      'purpose',
      'issuer_id',
      'pem',
      'cross_pem',
      'cross_issuer_id',
      'ended_at',
      'crl_number',
      'crl_digest',
      'crl_this_update',
    ),
    authority_requests: `${append}, ${columns('UPDATE', 'request_sealed')}`,
    web_revocations: 'SELECT, INSERT, DELETE',
    audit_log: 'INSERT',
  },
  viw_notifier: {
    alerts: manage,
    alert_marks: manage,
    alert_upkeep: keep,
    notification_channels: `SELECT, ${columns('UPDATE', 'last_delivered_at', 'last_failed_at', 'last_error', 'failing_since')}`,
    notification_secrets: read,
    notifications: manage,
    // Whether what an alert is about is still there, and what an operation has come to.
    os_gateways: columns('SELECT', 'agent_id', 'state'),
    certificates: columns('SELECT', 'id', 'names', 'deleted_at'),
    virtual_hosts: columns('SELECT', 'id', 'server_id', 'certificate_id'),
    nginx_servers: columns('SELECT', 'id', 'name'),
    certificate_operation_targets: read,
  },
};

/** Functions that delete what is old, and nothing else. */
const retention = (...names: string[]): string[] =>
  names.map((name) => `EXECUTE ON FUNCTION viw.${name}(int, int)`);

/** Sequences of `serial` columns (identity columns need no grant) and functions. */
export const furtherGrants: Record<ServiceRole, readonly string[]> = {
  viw_backend: [
    'USAGE ON SEQUENCE viw.outbox_id_seq',
    'USAGE, UPDATE ON SEQUENCE viw.verb_policy_versions',
    'EXECUTE ON FUNCTION viw.command_target(text)',
    'EXECUTE ON FUNCTION viw.policy_holds_gateway(jsonb, text)',
    'EXECUTE ON FUNCTION viw.accept_command(jsonb, jsonb, jsonb, text, int)',
    'EXECUTE ON FUNCTION viw.retire_certificate(uuid)',
    'EXECUTE ON FUNCTION viw.drop_audit_lines(bigint, text, bigint, text, bigint, timestamptz, timestamptz, text, text)',
  ],
  viw_telemetry_writer: [
    'EXECUTE ON FUNCTION viw.ensure_point_partition(date)',
    'EXECUTE ON FUNCTION viw.drop_point_partitions(int)',
    ...retention('forget_agent_sessions', 'forget_agent_events'),
  ],
  viw_results_writer: retention('forget_commands', 'forget_stray_results', 'forget_approvals'),
  viw_notifier: [],
  viw_cert_worker: [
    'EXECUTE ON FUNCTION viw.begin_scheduled_operation(uuid, uuid, uuid, text, uuid, int)',
    'EXECUTE ON FUNCTION viw.store_web_revocation_list(uuid, bigint, bigint, bytea, text, timestamptz, timestamptz)',
    ...retention('destroy_useless_keys', 'forget_deployments', 'forget_versions'),
    ...retention('forget_operations', 'forget_retired_certificates'),
  ],
};
