import {
  AdministratorRepository,
  AlertRepository,
  ApiClientCertificateRepository,
  ApiClientRepository,
  ApiKeyRepository,
  AuditArchiveRepository,
  AuditChainRepository,
  AuditRepository,
  CertificateAuthorityRepository,
  CertificateRepository,
  CertificateVersionRepository,
  CommandKeyRepository,
  CommandProgressRepository,
  CommandReconcileRepository,
  CommandRepository,
  DnsProviderRepository,
  EnrollmentTokenRepository,
  FleetRepository,
  GatewayCredentialRepository,
  GatewayHistoryRepository,
  GatewayRegistryRepository,
  GatewayRepository,
  HostPolicyRepository,
  NotificationChannelRepository,
  IdempotencyRepository,
  IssuedCertificateRepository,
  OidcSignInRepository,
  IssuerAccountRepository,
  ManualRecordRepository,
  OperationRepository,
  OutboxRepository,
  Savepoint,
  RepositoryStore,
  RevokedTokenRepository,
  SecondFactorRepository,
  ServedCheckRepository,
  ServerProbeRepository,
  ServerRepository,
  ScopeRepository,
  ServiceCertificateRepository,
  SnippetJobRepository,
  SignInSessionRepository,
  SshCredentialRepository,
  TokenKeyRepository,
  VirtualHostRepository,
  WebAuthorityRepository,
} from '@viw/database';
import type { Db } from '@viw/database';

const repositoriesOf = (db: Db) => ({
  administrators: new AdministratorRepository({ db }),
  alerts: new AlertRepository({ db }),
  apiClientCertificates: new ApiClientCertificateRepository({ db }),
  apiClients: new ApiClientRepository({ db }),
  apiKeys: new ApiKeyRepository({ db }),
  audit: new AuditRepository({ db }),
  auditArchive: new AuditArchiveRepository({ db }),
  auditChain: new AuditChainRepository({ db }),
  certificateAuthorities: new CertificateAuthorityRepository({ db }),
  certificates: new CertificateRepository({ db }),
  certificateVersions: new CertificateVersionRepository({ db }),
  commandKeys: new CommandKeyRepository({ db }),
  commandProgress: new CommandProgressRepository({ db }),
  commandReconcile: new CommandReconcileRepository({ db }),
  commands: new CommandRepository({ db }),
  dnsProviders: new DnsProviderRepository({ db }),
  enrollmentTokens: new EnrollmentTokenRepository({ db }),
  fleet: new FleetRepository({ db }),
  gatewayCredentials: new GatewayCredentialRepository({ db }),
  gatewayHistory: new GatewayHistoryRepository({ db }),
  gatewayRegistry: new GatewayRegistryRepository({ db }),
  gateways: new GatewayRepository({ db }),
  hostPolicies: new HostPolicyRepository({ db }),
  idempotency: new IdempotencyRepository({ db }),
  issuedCertificates: new IssuedCertificateRepository({ db }),
  notificationChannels: new NotificationChannelRepository({ db }),
  oidcSignIns: new OidcSignInRepository({ db }),
  issuerAccounts: new IssuerAccountRepository({ db }),
  manualRecords: new ManualRecordRepository({ db }),
  operations: new OperationRepository({ db }),
  outbox: new OutboxRepository({ db }),
  savepoint: new Savepoint({ db }),
  revokedTokens: new RevokedTokenRepository({ db }),
  scopes: new ScopeRepository({ db }),
  secondFactors: new SecondFactorRepository({ db }),
  servedChecks: new ServedCheckRepository({ db }),
  serverProbes: new ServerProbeRepository({ db }),
  servers: new ServerRepository({ db }),
  serviceCertificates: new ServiceCertificateRepository({ db }),
  sessions: new SignInSessionRepository({ db }),
  snippetJobs: new SnippetJobRepository({ db }),
  sshCredentials: new SshCredentialRepository({ db }),
  tokenKeys: new TokenKeyRepository({ db }),
  virtualHosts: new VirtualHostRepository({ db }),
  webAuthorities: new WebAuthorityRepository({ db }),
});

/** Every repository, all on the pool or all in one transaction. */
export type Repositories = ReturnType<typeof repositoriesOf>;

/** Postgres as the services see it. */
export class Store extends RepositoryStore<Repositories> {
  constructor({ db }: { db: Db }) {
    super({ db, repositoriesOf });
  }

  /** Reads only, all of one state of the tables. */
  snapshot<T>(work: (repositories: Repositories) => Promise<T>): Promise<T> {
    return this.deps.db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((trx) => work(repositoriesOf(trx)));
  }
}
