import type { ClientCertificate } from './identity-files';
import type { Ending } from './hub-socket';

export interface CertificateChoiceDeps {
  /** Asked for each attempt. */
  readonly read: () => ClientCertificate | undefined;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** A hub that did not know it only yet is shown it at the first connection after this. */
const LEFT_OUT_MS = 3_600_000;

/** What a hub says to a certificate that it does not trust or does not know (yet). */
const REFUSALS: ReadonlySet<string> = new Set(['BAD_SIGNATURE', 'NOT_ALLOWED']);
/** What an NGINX in front of hubs says to one, before any hub is asked. */
const EDGE_REFUSALS: ReadonlySet<number> = new Set([400, 495, 496]);

/**
 * Whether the certificate is shown beside a key, which proves as much. A hub refuses whoever offers two proofs of which one fails: one
 * that does not trust viw's authority would lock out a fleet. So after a refusal that may have been the certificate's it is left out for an
 * hour, or until there is another one, or the hub refuses without it, too.
 */
export class CertificateChoice {
  readonly #deps: CertificateChoiceDeps;
  #leftOut: { readonly cert: string; readonly until: number } | undefined;
  /** PEM. */
  #shown: string | undefined;

  constructor(deps: CertificateChoiceDeps) {
    this.#deps = deps;
  }

  /** For the next attempt. @throws what `read` throws */
  next(): ClientCertificate | undefined {
    this.#shown = undefined;
    const certificate = this.#deps.read();
    if (certificate === undefined || this.#leavesOut(certificate)) return undefined;
    this.#shown = certificate.cert;
    return certificate;
  }

  /** How that attempt ended. True: the next one leaves out the certificate that this one has shown. */
  learn(ending: Ending): boolean {
    if (this.#shown !== undefined) {
      const until = this.#now() + LEFT_OUT_MS;
      this.#leftOut = isAboutCertificate(ending) ? { cert: this.#shown, until } : undefined;
      return this.#leftOut !== undefined;
    }
    if (ending.kind === 'refused') this.#leftOut = undefined;
    return false;
  }

  #leavesOut({ cert }: ClientCertificate): boolean {
    return this.#leftOut?.cert === cert && this.#now() < this.#leftOut.until;
  }

  #now(): number {
    return (this.#deps.now ?? (() => performance.now()))();
  }
}

function isAboutCertificate(ending: Ending): boolean {
  if (ending.kind === 'refused') {
    const { code, status } = ending.refusal;
    return code === undefined ? EDGE_REFUSALS.has(status) : REFUSALS.has(code);
  }
  // An alert of TLS.
  return ending.kind === 'failed' && ending.reason.startsWith('ERR_SSL_');
}
