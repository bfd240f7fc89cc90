import { servicePurpose, type CertificateAuthority, type ServicePurpose } from '@viw/contracts';

/** The purpose of an authority that issues on demand; undefined for the others. */
export const servicePurposeOf = ({ purpose }: CertificateAuthority): ServicePurpose | undefined =>
  servicePurpose.options.find((one) => one === purpose);
