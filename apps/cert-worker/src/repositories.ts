import {
  AcmeAccountRepository,
  CertificateAlertRepository,
  CertificateRepository,
  CertificateVersionRepository,
  DeploymentRepository,
  ChallengeAnswerRepository,
  IssuanceHistoryRepository,
  OperationRepository,
  OperationWorkRepository,
  OrderKeyRepository,
  RenewalScheduleRepository,
  SshCredentialRepository,
  VersionRevocationRepository,
  VirtualHostRepository,
} from '@viw/database';
import type { Db } from '@viw/database';

/** What the worker reads and writes in Postgres. */
export const repositoriesOf = (db: Db) => ({
  accounts: new AcmeAccountRepository({ db }),
  alerts: new CertificateAlertRepository({ db }),
  certificates: new CertificateRepository({ db }),
  versions: new CertificateVersionRepository({ db }),
  deployments: new DeploymentRepository({ db }),
  http01Answers: new ChallengeAnswerRepository({ type: 'http-01' }, { db }),
  tlsAlpn01Answers: new ChallengeAnswerRepository({ type: 'tls-alpn-01' }, { db }),
  issuances: new IssuanceHistoryRepository({ db }),
  history: new OperationRepository({ db }),
  operations: new OperationWorkRepository({ db }),
  orderKeys: new OrderKeyRepository({ db }),
  schedule: new RenewalScheduleRepository({ db }),
  credentials: new SshCredentialRepository({ db }),
  revocations: new VersionRevocationRepository({ db }),
  virtualHosts: new VirtualHostRepository({ db }),
});
