import { createHash } from 'node:crypto';

export type ChallengeType = 'http-01' | 'dns-01' | 'tls-alpn-01';

export interface PendingChallenge {
  type: ChallengeType;
  /** The name to be validated; for a wildcard without its `*.`. */
  identifier: { type: 'dns' | 'ip'; value: string };
  wildcard: boolean;
  token: string;
  /** `<token>.<thumbprint of the account key>` (RFC 8555 section 8.1), for every challenge type. */
  keyAuthorization: string;
}

/** Makes the proof of control visible to the CA. One solver may hold many challenges at once. */
export interface ChallengeSolver {
  readonly type: ChallengeType;
  /** Resolves when the CA can see the answer. Failing is a refusal of this name. */
  present(challenge: PendingChallenge, signal?: AbortSignal): Promise<void>;
  /**
   * Called once per `present`, also when that failed, and after an abort. MUST NOT depend on the first having worked. One that fails is
   * repeated before the end of the order, by `discard` where there is one.
   */
  cleanup(challenge: PendingChallenge): Promise<void>;
  /** Takes back what a worker that died may have left behind; like `cleanup` where it is absent. */
  discard?(challenge: PendingChallenge): Promise<void>;
}

/** Value of the TXT record at `_acme-challenge.<name>` (RFC 8555 section 8.4). */
export function dns01Value(keyAuthorization: string): string {
  return createHash('sha256').update(keyAuthorization).digest('base64url');
}
