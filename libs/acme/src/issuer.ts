import type { RenewalInformation } from './ari/renewal-information';
import type { CertificateInfo } from './certificate-info';
import type { ChallengeSolver } from './challenge-solver';
import type { KeyType } from './keys';

export type IssueStepName = 'account' | 'order' | 'challenge' | 'cleanup' | 'finalize' | 'download';

export type OrderProgress = 'authorising' | 'ready' | 'finalising' | 'issued';

export interface IssueStepEvent {
  step: IssueStepName;
  status: 'started' | 'done' | 'failed';
  /** Of `challenge` and `cleanup`: the name it is about, with `*.` for a wildcard. */
  name?: string;
  detail?: string;
  /** Whole milliseconds; 0 in `started`. */
  duration_ms: number;
}

export interface IssueRequest {
  /** DNS names (a leading `*.` allowed) and IP addresses; at least one, without duplicates. */
  names: readonly string[];
  /** Of the certificate's key, which is new for every issuance. Default `ec-p256`. */
  keyType?: KeyType;
  /** For CAs that have names proved. */
  solver?: ChallengeSolver;
  /** The leaf that is in service now; told to a CA that makes suggestions for renewals (RFC 9773 section 5). */
  replacesPem?: string;
  /** One of those that the CA's directory names, such as `shortlived`. Refused when it names it not. */
  profile?: string;
  /** Common name of the root or intermediate that the chain is to end at. Without such a chain the CA's default is taken, and said. */
  preferredChain?: string;
  /** Stops at the next step, request or pause and rejects with the signal's reason. Clean-up of challenges still runs. */
  signal?: AbortSignal;
  /** Awaited; a failure in it fails the issuance. Challenges of several names report side by side. */
  onStep?: (event: IssueStepEvent) => void | Promise<void>;
  /** Awaited before any challenge is touched. To be stored: after a crash it goes into `resume`. */
  onOrder?: (orderUrl: string) => void | Promise<void>;
  /**
   * Awaited before the order is finalized. To be stored encrypted: without the key a certificate that was issued
   * just before a crash is lost, and the names have to be ordered again.
   */
  onKey?: (privateKeyPem: string) => void | Promise<void>;
  /**
   * Awaited before the order goes on: its authorizations are being settled, it can be finalized, is being finalized, or the
   * certificate is there to be fetched.
   */
  onState?: (state: OrderProgress) => void | Promise<void>;
  /** An order of an earlier attempt. When it cannot be used any more a new one is made. */
  resume?: { orderUrl: string; privateKeyPem?: string };
}

export interface IssuedCertificate extends CertificateInfo {
  /** The leaf alone. */
  certificatePem: string;
  /** The intermediates, in the order in which they sign each other; may be several. */
  chainPem: string;
  fullchainPem: string;
  /** PKCS#8, unencrypted. */
  privateKeyPem: string;
}

/** Of a CA that has names proved. */
export type ProvingRequest = IssueRequest & { solver: ChallengeSolver };

/** Whoever makes certificates: a CA that speaks ACME, or viw's own. Safe for concurrent use. */
export interface Issuer {
  /**
   * @throws AppError ACME_REFUSED, ACME_RATE_LIMITED, ACME_UNAVAILABLE (see `acmeError` for `meta`), or the signal's
   * reason. Nothing is retried inside but nonces: waiting is the caller's scheduling.
   */
  issue(request: IssueRequest): Promise<IssuedCertificate>;
  /**
   * Takes a certificate back; one that is revoked already is no error.
   * @param reason code of RFC 5280 section 5.3.1
   * @throws AppError as `issue`
   */
  revoke(certificatePem: string, reason: number, signal?: AbortSignal): Promise<void>;
  /** When it would like what it has issued to be replaced; absent: it makes no suggestions. */
  readonly renewalInformation?: Pick<RenewalInformation, 'ask'>;
  /** Frees connections. */
  close(): Promise<void>;
}
