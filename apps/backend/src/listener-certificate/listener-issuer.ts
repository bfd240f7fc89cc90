import type { ListenerClaim } from '@viw/database';

export interface IssuedForListener {
  /** The leaf and the authorities between it and its root, PEM. */
  readonly pem: string;
  /** PKCS #8, PEM. */
  readonly privateKeyPem: string;
  readonly notAfter: Date;
  readonly renewAt: Date;
}

export interface IssueAttempt {
  readonly claim: ListenerClaim;
  /** Aborted when this backend stops, or has lost its claim. */
  readonly signal: AbortSignal;
}

export interface FailedListenerAttempt {
  /** In a row, this one included. */
  readonly failures: number;
  /** End of the certificate that is served; undefined: none is. */
  readonly notAfter: Date | undefined;
}

/** Where the certificate of the backends' listener comes from. */
export interface ListenerIssuer {
  /** @throws AppError, or the signal's reason */
  issue(attempt: IssueAttempt): Promise<IssuedForListener>;
  /** When to try again after that error; never never. */
  nextAttempt(error: unknown, attempt: FailedListenerAttempt): Date;
  close(): Promise<void>;
}
