import type { SecretBox } from '@viw/secrets';
import type { CompleteConfig } from './config';
import { Ocsp } from './private-ca/ocsp';
import { ownNames } from './private-ca/own-names';
import { AcmeAccountService } from './services/acme-account-service';
import { AuthorityRotationService } from './services/authority-rotation-service';
import { CertificateRetirementService } from './services/certificate-retirement-service';
import { CertificateService } from './services/certificate-service';
import { DnsProviderService } from './services/dns-provider-service';
import { PrivateCaService } from './services/private-ca-service';
import { ServerService } from './services/server-service';
import { ServiceCertificateService } from './services/service-certificate-service';
import { SurvivalService } from './services/survival-service';
import { VirtualHostService } from './services/virtual-host-service';
import type { AuthorityRotation } from './private-ca/authority-rotation';
import type { PrivateCa } from './private-ca/private-ca';
import type { RevocationLists } from './private-ca/revocation-lists';
import type { RouteServices } from './routes';
import type { IdempotentWrites } from './services/idempotent-writes';
import type { Store } from './store';

export interface CertificateServiceDeps {
  readonly store: Store;
  readonly writes: IdempotentWrites;
  readonly box: SecretBox;
  readonly ca: PrivateCa;
  readonly lists: RevocationLists;
  readonly rotation: AuthorityRotation;
}

type CertificateServices = Pick<
  RouteServices,
  | 'certificates'
  | 'certificateRetirement'
  | 'survival'
  | 'dnsProviders'
  | 'acmeAccounts'
  | 'privateCa'
  | 'authorityRotation'
  | 'serviceCertificates'
  | 'ocsp'
  | 'servers'
  | 'virtualHosts'
>;

/** Certificates, who issues them, what proves their names, and where they are served. */
export function certificateServices(
  config: CompleteConfig,
  { store, writes, box, ca, lists, rotation }: CertificateServiceDeps,
): CertificateServices {
  const { repositories } = store;
  return {
    certificates: new CertificateService({ ownNames: ownNames(config) }, { repositories, writes }),
    certificateRetirement: new CertificateRetirementService({ writes }),
    survival: new SurvivalService({ repositories }),
    dnsProviders: new DnsProviderService(
      { loopback: config.BACKEND_DNS_PROVIDER_LOOPBACK },
      { repositories, writes, secretBox: box },
    ),
    acmeAccounts: new AcmeAccountService(
      { loopback: config.BACKEND_ACME_ACCOUNT_LOOPBACK },
      { repositories, writes, secretBox: box },
    ),
    privateCa: new PrivateCaService({ overlapS: config.BACKEND_CA_OVERLAP_S }, { repositories, ca }),
    authorityRotation: new AuthorityRotationService({ writes, rotation, ca, lists }),
    serviceCertificates: new ServiceCertificateService(
      { statusOrigin: config.BACKEND_PKI_URL },
      { repositories, writes, ca, lists },
    ),
    ocsp: new Ocsp({ store, ca }),
    servers: new ServerService({ repositories, writes, secretBox: box }),
    virtualHosts: new VirtualHostService({ repositories, writes }),
  };
}
