import {
  AcmeAccountRepository,
  CertificateRepository,
  CertificateVersionRepository,
  DeploymentRepository,
  Http01AnswerRepository,
  OperationRepository,
  OperationTargetRepository,
  OperationWorkRepository,
  OrderKeyRepository,
  ServedCheckRepository,
  ServerProbeRepository,
  ServerRepository,
  RenewalScheduleRepository,
  SshCredentialRepository,
  VirtualHostRepository,
} from '@viw/database';
import type { Db } from '@viw/database';

/** What the worker reads and writes in Postgres. */
export const repositoriesOf = (db: Db) => ({
  accounts: new AcmeAccountRepository({ db }),
  certificates: new CertificateRepository({ db }),
  versions: new CertificateVersionRepository({ db }),
  deployments: new DeploymentRepository({ db }),
  http01Answers: new Http01AnswerRepository({ db }),
  history: new OperationRepository({ db }),
  targets: new OperationTargetRepository({ db }),
  operations: new OperationWorkRepository({ db }),
  orderKeys: new OrderKeyRepository({ db }),
  servedChecks: new ServedCheckRepository({ db }),
  probes: new ServerProbeRepository({ db }),
  servers: new ServerRepository({ db }),
  schedule: new RenewalScheduleRepository({ db }),
  credentials: new SshCredentialRepository({ db }),
  virtualHosts: new VirtualHostRepository({ db }),
});
