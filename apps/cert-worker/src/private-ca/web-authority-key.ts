import { createPublicKey } from 'node:crypto';
import { acmeUnavailable } from '@viw/acme';
import type { WebAuthority, WebAuthorityRepository } from '@viw/database';
import {
  isIssuedBy,
  openAuthority,
  pemLines,
  readCertificate,
  readRequest,
  requestAuthority,
  soleCertificate,
} from '@viw/pki';
import type { Authority } from '@viw/pki';
import { AppError, uuidv7 } from '@viw/runtime';
import { checkAuthorityRequest, confirmAuthorityRequest } from '@viw/secrets';
import type { SecretBox } from '@viw/secrets';
import { webAuthorityKeyContext } from '../encryption-contexts';

export interface WebAuthorityKeyDeps {
  readonly authorities: Pick<WebAuthorityRepository, 'find' | 'request' | 'confirm'>;
  readonly box: SecretBox;
}

export interface OpenWebAuthority {
  readonly id: string;
  /** Its certificate. */
  readonly pem: string;
  /** The same, and what else is shown after a certificate of it. */
  readonly chain: string;
  readonly authority: Authority;
}

/**
 * The private CA's authority for web servers. Its key is made here and leaves Postgres unsealed but into this process's
 * memory; the root, whose key cert-workers never see, certifies it in the backend.
 */
export class WebAuthorityKey {
  #open: OpenWebAuthority | undefined;

  constructor(private readonly deps: WebAuthorityKeyDeps) {}

  /**
   * Once for the installation, however many workers do it at the same time. A request that stands there unconfirmed, as before there
   * were confirmations, is confirmed when its key is the sealed one.
   * @throws AppError INTERNAL_ERROR for a request of somebody else
   */
  async ensureRequested(): Promise<void> {
    const { authorities, box } = this.deps;
    if (this.#open) return;
    const found = await authorities.find();
    if (found) return found.pem === null ? this.#confirm(found) : undefined;
    const id = uuidv7();
    const { privateKey, request } = await requestAuthority();
    const requestSealed = confirmAuthorityRequest(box, id, request);
    const keySealed = box.seal(privateKey, webAuthorityKeyContext(id));
    await authorities.request({ id, request, requestSealed, keySealed });
  }

  async #confirm({ id, request, request_sealed, key_sealed }: WebAuthority): Promise<void> {
    const { authorities, box } = this.deps;
    try {
      return checkAuthorityRequest(box, id, request, request_sealed);
    } catch {
      // Nobody has, or somebody has taken it away.
    }
    const key = createPublicKey(box.openText(key_sealed, webAuthorityKeyContext(id)));
    const { publicKey } = await readRequest(request);
    if (!key.export({ type: 'spki', format: 'der' }).equals(publicKey))
      throw new AppError('INTERNAL_ERROR', `the request for the authority ${id} is not of its sealed key`);
    await authorities.confirm(id, request, confirmAuthorityRequest(box, id, request));
  }

  async isCertified(): Promise<boolean> {
    return this.#open !== undefined || ((await this.deps.authorities.find())?.pem ?? null) !== null;
  }

  /** @throws AppError ACME_UNAVAILABLE while the backend has not certified it; INTERNAL_ERROR for a key of another one */
  async open(): Promise<OpenWebAuthority> {
    const found = await this.deps.authorities.find();
    const known = this.#open;
    if (known?.chain === chainOf(found)) return known;
    // Certified anew by a backend, the authority is shown by its new certificate from now on.
    return (this.#open = await this.#load(found));
  }

  async #load(found: WebAuthority | undefined): Promise<OpenWebAuthority> {
    if (!found || found.pem === null)
      throw acmeUnavailable(
        'the private CA has no authority for web servers yet: a backend certifies it within seconds, once one runs',
      );
    const { id, pem, key_sealed } = found;
    const key = this.deps.box.openText(key_sealed, webAuthorityKeyContext(id));
    return { id, pem, chain: chainOf(found), authority: await openAuthority(pem, key) };
  }
}

/** Without what somebody else has written for the word of the former root: servers could not show it. */
function chainOf(found: WebAuthority | undefined): string {
  if (!found || found.pem === null) return '';
  const cross = found.cross_pem !== null && isIssuer(found.cross_pem, found.pem) ? [found.cross_pem] : [];
  return [found.pem, ...cross].map(pemLines).join('');
}

function isIssuer(text: string, pem: string): boolean {
  const [issuer, certificate] = [soleCertificate(text), readCertificate(pem)];
  return issuer !== undefined && certificate !== undefined && isIssuedBy(certificate, issuer);
}
