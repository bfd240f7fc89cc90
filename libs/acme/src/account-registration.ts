import { AppError } from '@viw/runtime';
import acme, { type Client } from 'acme-client';
import type { AcmeHttp } from './acme-http';

export interface AccountOptions {
  directoryUrl: string;
  /** Signs requests; never the key of a certificate. See `generatePrivateKeyPem`. */
  accountKeyPem: string;
  /** Of an earlier registration; saves asking the CA for it. */
  accountUrl?: string;
  /** For example `mailto:ops@example.org`. */
  contact?: readonly string[];
  /** A person has read the CA's terms. */
  termsOfServiceAgreed: boolean;
  externalAccountBinding?: { kid: string; hmacKey: string };
}

export interface AccountDeps {
  http: AcmeHttp;
  /** Awaited when the CA has told the account's URL; to be stored. */
  onAccount?: ((accountUrl: string) => void | Promise<void>) | undefined;
}

/** One account at one CA (RFC 8555 section 7.3). */
export class AccountRegistration {
  /** Undefined as long as the CA has not told it, or has forgotten it. */
  url: string | undefined;
  #registering: Promise<string> | undefined;

  constructor(
    private readonly options: AccountOptions,
    private readonly deps: AccountDeps,
  ) {
    this.url = options.accountUrl;
  }

  /** A client that knows the account; registered now where it was not. Side by side one registers and the others wait for it. */
  async open(signal?: AbortSignal): Promise<{ client: Client; known: boolean }> {
    while (this.url === undefined && this.#registering) await this.#registering.catch(() => undefined);
    if (this.url !== undefined) return { client: this.#client(), known: true };
    const client = this.#client();
    this.#registering = this.#register(client, signal);
    try {
      await this.#registering;
    } finally {
      this.#registering = undefined;
    }
    return { client, known: false };
  }

  #client(): Client {
    const { directoryUrl, accountKeyPem, externalAccountBinding } = this.options;
    return new acme.Client({
      directoryUrl,
      accountKey: accountKeyPem,
      ...(this.url !== undefined && { accountUrl: this.url }),
      ...(externalAccountBinding && { externalAccountBinding }),
    });
  }

  /**
   * Registers, or finds the account of this key (section 7.3.1: the CA answers with the existing one), and tells the CA the
   * contact.
   * @returns its URL
   */
  register(signal?: AbortSignal): Promise<string> {
    return this.#register(this.#client(), signal);
  }

  async #register(client: Client, signal: AbortSignal | undefined): Promise<string> {
    const { contact = [], termsOfServiceAgreed } = this.options;
    await this.deps.http.call(async () => {
      const known = contact.length > 0 ? { contact: [...contact] } : {};
      await client.createAccount({ termsOfServiceAgreed, ...known }).catch((error: unknown) => {
        // acme-client updates an account that exists already, with nothing to update: CAs may refuse that.
        if (contact.length > 0 || !hasAccountUrl(client)) throw error;
      });
    }, signal);
    const url = client.getAccountUrl();
    this.url = url;
    await this.deps.onAccount?.(url);
    return url;
  }

  /**
   * For good (section 7.3.6). One that the CA does not know, or will not have any more, counts as deactivated.
   * @throws AppError ACME_REFUSED, ACME_RATE_LIMITED, ACME_UNAVAILABLE, or the signal's reason
   */
  async deactivate(signal?: AbortSignal): Promise<void> {
    const client = this.#client();
    const { http } = this.deps;
    try {
      if (this.url === undefined)
        await http.call(() => client.createAccount({ onlyReturnExisting: true }), signal);
      await http.call(() => client.updateAccount({ status: 'deactivated' }), signal);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    this.url = undefined;
  }
}

/** What CAs say of an account that does not exist, and of one that is deactivated (section 7.3.6). */
const GONE: unknown[] = ['accountDoesNotExist', 'unauthorized'];
const isGone = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'ACME_REFUSED' && GONE.includes(error.meta['problem_type']);

function hasAccountUrl(client: Client): boolean {
  try {
    return client.getAccountUrl() !== '';
  } catch {
    return false;
  }
}
