import type {
  AdministratorsTable,
  ApiClientCertificatesTable,
  ApiClientsTable,
  ApiKeysTable,
  IdempotencyKeysTable,
  OidcSignInsTable,
  RevokedTokensTable,
  TokenKeysTable,
  SessionsTable,
} from './access';
import type {
  AlertMarksTable,
  AlertUpkeepTable,
  AlertsTable,
  NotificationChannelsTable,
  NotificationSecretsTable,
  NotificationsTable,
} from './alerts';
import type { ApiClientMakersTable, ApprovalRequestsTable, VerbPoliciesTable } from './approvals';
import type {
  AuditArchiveTable,
  AuditChainTable,
  AuditCheckpointsTable,
  AuditLogTable,
  AuditRetentionFloorTable,
  AuditUnsealedTable,
} from './audit';
import type {
  AcmeAccountsTable,
  CertificateAlertsTable,
  CertificateFailuresTable,
  CertificateOperationStepsTable,
  CertificateOperationTargetsTable,
  CertificateOperationsTable,
  CertificateOrderKeysTable,
  CertificateVersionsTable,
  CertificatesTable,
  DeploymentsTable,
  ServedChecksTable,
  ChallengeAnswersTable,
  RenewalPlansTable,
} from './certificates';
import type { ChallengeFilesTable, DnsProvidersTable, ManualRecordsTable } from './dns-providers';
import type { AgentCommandResultsTable, AgentCommandsTable } from './commands';
import type {
  AgentEventsTable,
  AgentSessionsTable,
  EnrollmentTokensTable,
  GatewayCredentialsTable,
  GatewayRegistryTable,
  OsGatewayPointsTable,
  OsGatewayStatusTable,
  OsGatewaysTable,
} from './gateways';
import type { ListenerAcmeAccountsTable, ListenerCertificatesTable } from './listener';
import type { OutboxTable } from './outbox';
import type {
  CertificateAuthoritiesTable,
  IssuedCertificatesTable,
  ServiceCertificatesTable,
  AuthorityRequestsTable,
  WebRevocationsTable,
} from './private-ca';
import type { CommandKeysTable, HostPoliciesTable } from './trust';
import type {
  NginxServersTable,
  ServerProbesTable,
  SnippetJobsTable,
  SshCredentialsTable,
  VirtualHostsTable,
} from './servers';

/** Tables of schema `viw`. */
export interface Database {
  os_gateways: OsGatewaysTable;
  gateway_credentials: GatewayCredentialsTable;
  enrollment_tokens: EnrollmentTokensTable;
  gateway_registry: GatewayRegistryTable;
  os_gateway_status: OsGatewayStatusTable;
  os_gateway_points: OsGatewayPointsTable;
  agent_sessions: AgentSessionsTable;
  agent_events: AgentEventsTable;
  agent_commands: AgentCommandsTable;
  agent_command_results: AgentCommandResultsTable;
  command_keys: CommandKeysTable;
  host_policies: HostPoliciesTable;
  outbox: OutboxTable;
  administrators: AdministratorsTable;
  sessions: SessionsTable;
  oidc_sign_ins: OidcSignInsTable;
  api_clients: ApiClientsTable;
  api_keys: ApiKeysTable;
  api_client_certificates: ApiClientCertificatesTable;
  api_client_makers: ApiClientMakersTable;
  verb_policies: VerbPoliciesTable;
  approval_requests: ApprovalRequestsTable;
  revoked_tokens: RevokedTokensTable;
  token_keys: TokenKeysTable;
  idempotency_keys: IdempotencyKeysTable;
  audit_log: AuditLogTable;
  audit_unsealed: AuditUnsealedTable;
  audit_chain: AuditChainTable;
  audit_checkpoints: AuditCheckpointsTable;
  audit_archive: AuditArchiveTable;
  audit_retention_floor: AuditRetentionFloorTable;
  ssh_credentials: SshCredentialsTable;
  nginx_servers: NginxServersTable;
  server_probes: ServerProbesTable;
  virtual_hosts: VirtualHostsTable;
  snippet_jobs: SnippetJobsTable;
  certificates: CertificatesTable;
  certificate_operations: CertificateOperationsTable;
  certificate_operation_steps: CertificateOperationStepsTable;
  certificate_operation_targets: CertificateOperationTargetsTable;
  served_checks: ServedChecksTable;
  certificate_order_keys: CertificateOrderKeysTable;
  certificate_versions: CertificateVersionsTable;
  deployments: DeploymentsTable;
  challenge_answers: ChallengeAnswersTable;
  challenge_files: ChallengeFilesTable;
  dns_providers: DnsProvidersTable;
  manual_records: ManualRecordsTable;
  renewal_plans: RenewalPlansTable;
  certificate_alerts: CertificateAlertsTable;
  certificate_failures: CertificateFailuresTable;
  acme_accounts: AcmeAccountsTable;
  certificate_authorities: CertificateAuthoritiesTable;
  issued_certificates: IssuedCertificatesTable;
  listener_certificates: ListenerCertificatesTable;
  listener_acme_accounts: ListenerAcmeAccountsTable;
  alerts: AlertsTable;
  alert_marks: AlertMarksTable;
  alert_upkeep: AlertUpkeepTable;
  notification_channels: NotificationChannelsTable;
  notification_secrets: NotificationSecretsTable;
  notifications: NotificationsTable;
  service_certificates: ServiceCertificatesTable;
  authority_requests: AuthorityRequestsTable;
  web_revocations: WebRevocationsTable;
}
