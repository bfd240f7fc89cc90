export interface KnownDirectory {
  readonly label: string;
  readonly directoryUrl: string;
  /** Its accounts need an external account binding (RFC 8555 section 7.3.4). */
  readonly bindingRequired: boolean;
}

/** ACME directories that need no address, by the name of the issuer. Each as its operator documents it. */
export const knownDirectories = {
  letsencrypt: {
    label: "Let's Encrypt",
    directoryUrl: 'https://acme-v02.api.letsencrypt.org/directory',
    bindingRequired: false,
  },
  'letsencrypt-staging': {
    label: "Let's Encrypt (staging)",
    directoryUrl: 'https://acme-staging-v02.api.letsencrypt.org/directory',
    bindingRequired: false,
  },
  zerossl: {
    label: 'ZeroSSL',
    directoryUrl: 'https://acme.zerossl.com/v2/DV90',
    bindingRequired: true,
  },
  'google-trust-services': {
    label: 'Google Trust Services',
    directoryUrl: 'https://dv.acme-v02.api.pki.goog/directory',
    bindingRequired: true,
  },
  'google-trust-services-staging': {
    label: 'Google Trust Services (staging)',
    directoryUrl: 'https://dv.acme-v02.test-api.pki.goog/directory',
    bindingRequired: true,
  },
} as const satisfies Readonly<Record<string, KnownDirectory>>;

export const knownDirectory = (issuer: string): KnownDirectory | undefined =>
  Object.hasOwn(knownDirectories, issuer)
    ? knownDirectories[issuer as keyof typeof knownDirectories]
    : undefined;

/** Issuers that are no accounts of the API: the directory that cert-workers are configured with, and viw's own CA. */
export const builtInIssuers = ['acme', 'private-ca'] as const;
export const privateCaIssuer = 'private-ca';
/** Its staging directory, where cert-workers are configured with one. */
export const environmentIssuers = { main: 'acme', staging: 'acme-staging' } as const;
