import { isIP } from 'node:net';
import type { ServiceCertificateOptions } from './service-profiles';

/** Longest common name (RFC 5280 appendix A.1, ub-common-name). */
const COMMON_NAME_LENGTH = 64;

/**
 * The names of a server as its certificate has them: all among the alternative ones; the common name repeats the first that is
 * short enough, for people.
 *
 * @param names DNS names, wildcards among them, and IP addresses, at least one
 */
export const serverNames = (
  names: readonly string[],
): Pick<ServiceCertificateOptions, 'commonName' | 'dnsNames' | 'ipAddresses' | 'uris'> => ({
  commonName: names.find((name) => name.length <= COMMON_NAME_LENGTH),
  dnsNames: names.filter((name) => isIP(name) === 0),
  ipAddresses: names.filter((name) => isIP(name) !== 0),
  uris: [],
});
