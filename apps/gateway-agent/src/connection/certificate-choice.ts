import type { ClientCertificate } from './identity-files';
import type { Ending } from './hub-socket';

export interface CertificateChoiceDeps {
  /** Asked for each attempt. */
  readonly read: () => ClientCertificate | undefined;
}

/** What a hub says to a certificate that it does not trust or does not know (yet). */
const REFUSALS: ReadonlySet<string> = new Set(['BAD_SIGNATURE', 'NOT_ALLOWED']);
/** What an NGINX in front of hubs says to one, before any hub is asked. */
const EDGE_REFUSALS: ReadonlySet<number> = new Set([400, 495, 496]);

/**
 * Whether the certificate is shown beside a key, which proves as much. A hub refuses whoever offers two proofs of which one fails: one
 * that does not trust viw's authority would lock out a fleet. So after a refusal that may have been the certificate's it is left out,
 * and after the next refusal shown again.
 */
export class CertificateChoice {
  readonly #deps: CertificateChoiceDeps;
  #isLeftOut = false;
  #wasShown = false;

  constructor(deps: CertificateChoiceDeps) {
    this.#deps = deps;
  }

  /** For the next attempt. @throws what `read` throws */
  next(): ClientCertificate | undefined {
    const certificate = this.#isLeftOut ? undefined : this.#deps.read();
    this.#wasShown = certificate !== undefined;
    return certificate;
  }

  /** How that attempt ended. True: the next one leaves the certificate out, as this one did not. */
  learn(ending: Ending): boolean {
    if (this.#isLeftOut) {
      this.#isLeftOut = ending.kind !== 'refused';
      return false;
    }
    this.#isLeftOut = this.#wasShown && isAboutCertificate(ending);
    return this.#isLeftOut;
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
