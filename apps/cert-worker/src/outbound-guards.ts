import { OutboundGuard } from '@viw/acme';
import type { Config } from './config';

export type OutboundConfig = Pick<
  Config,
  'CERT_WORKER_PRIVATE_NETWORKS' | 'CERT_WORKER_DNS_PROVIDER_LOOPBACK' | 'CERT_WORKER_ACME_ACCOUNT_LOOPBACK'
>;

/** Where what the API has named may be. What this worker's own configuration names is asked as it is. */
export function outboundGuards(config: OutboundConfig) {
  const guard = (loopback: boolean) =>
    new OutboundGuard({
      privateNetworks: config.CERT_WORKER_PRIVATE_NETWORKS,
      setting: 'CERT_WORKER_PRIVATE_NETWORKS',
      loopback,
    });
  return {
    dnsProviders: guard(config.CERT_WORKER_DNS_PROVIDER_LOOPBACK),
    acmeAccounts: guard(config.CERT_WORKER_ACME_ACCOUNT_LOOPBACK),
  };
}
