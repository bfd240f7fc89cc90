import type {
  AdministratorsTable,
  ApiClientsTable,
  ApiKeysTable,
  IdempotencyKeysTable,
  RevokedTokensTable,
  SessionsTable,
} from './access';
import type { AuditLogTable } from './audit';
import type {
  AcmeAccountsTable,
  CertificateAlertsTable,
  CertificateFailuresTable,
  CertificateOperationStepsTable,
  CertificateOperationsTable,
  CertificateOrderKeysTable,
  CertificateVersionsTable,
  CertificatesTable,
  DeploymentsTable,
  ChallengeAnswersTable,
  RenewalPlansTable,
} from './certificates';
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
import type { OutboxTable } from './outbox';
import type { CommandKeysTable, HostPoliciesTable } from './trust';
import type { NginxServersTable, SshCredentialsTable, VirtualHostsTable } from './servers';

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
  api_clients: ApiClientsTable;
  api_keys: ApiKeysTable;
  revoked_tokens: RevokedTokensTable;
  idempotency_keys: IdempotencyKeysTable;
  audit_log: AuditLogTable;
  ssh_credentials: SshCredentialsTable;
  nginx_servers: NginxServersTable;
  virtual_hosts: VirtualHostsTable;
  certificates: CertificatesTable;
  certificate_operations: CertificateOperationsTable;
  certificate_operation_steps: CertificateOperationStepsTable;
  certificate_order_keys: CertificateOrderKeysTable;
  certificate_versions: CertificateVersionsTable;
  deployments: DeploymentsTable;
  challenge_answers: ChallengeAnswersTable;
  renewal_plans: RenewalPlansTable;
  certificate_alerts: CertificateAlertsTable;
  certificate_failures: CertificateFailuresTable;
  acme_accounts: AcmeAccountsTable;
}
