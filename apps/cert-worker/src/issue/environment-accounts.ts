import { environmentIssuers } from '@viw/contracts';
import type { AcmeAccountRepository } from '@viw/database';
import type { SecretBox } from '@viw/secrets';
import type { CompleteConfig } from '../config';
import { AcmeAccount, type AcmeAccountOptions } from './acme-account';
import { stagingOf } from './rehearsal';

export interface EnvironmentAccounts {
  readonly main: AcmeAccount;
  /** Undefined: its CA has none that is known. */
  readonly staging: AcmeAccount | undefined;
  /** For the rehearsals of other accounts. */
  readonly stagingAt: (directoryUrl: string) => AcmeAccount;
}

/** The ACME accounts that this worker's configuration names. */
export function environmentAccounts(
  config: CompleteConfig,
  deps: { readonly accounts: AcmeAccountRepository; readonly box: SecretBox },
): EnvironmentAccounts {
  const at = (
    issuer: string,
    directoryUrl: string,
    more: Pick<AcmeAccountOptions, 'eab' | 'profile' | 'preferredChain'> = {},
  ) =>
    new AcmeAccount(
      {
        ...more,
        issuer,
        directoryUrl,
        directoryCaPem: config.CERT_WORKER_ACME_CA,
        contact: config.CERT_WORKER_ACME_CONTACT,
        termsOfServiceAgreed: config.CERT_WORKER_ACME_TERMS_AGREED,
      },
      deps,
    );
  const stagingAt = (directoryUrl: string) => at(environmentIssuers.staging, directoryUrl);
  const { CERT_WORKER_ACME_DIRECTORY_URL: directoryUrl } = config;
  const { CERT_WORKER_ACME_EAB_KID: kid, CERT_WORKER_ACME_EAB_KEY: hmacKey } = config;
  const stagingUrl = config.CERT_WORKER_ACME_STAGING_URL ?? stagingOf(directoryUrl);
  return {
    main: at(environmentIssuers.main, directoryUrl, {
      ...(kid === undefined || hmacKey === undefined ? {} : { eab: { kid, hmacKey } }),
      profile: config.CERT_WORKER_ACME_PROFILE,
      preferredChain: config.CERT_WORKER_ACME_PREFERRED_CHAIN,
    }),
    staging: stagingUrl === undefined ? undefined : stagingAt(stagingUrl),
    stagingAt,
  };
}
