import { X509Certificate } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { AppError } from '../errors';
import { isError } from '../is-error';
import type { Component } from '../lifecycle';
import type { Logger } from '../logging';
import { listenerTransport } from './listener-transport';
import type { TlsMaterial, TlsMaterialSource } from './tls-material';

const HANDSHAKE_TIMEOUT_MS = 5_000;

export interface ListenerTlsOptions {
  /** False: plain HTTP; the material is followed all the same. */
  readonly encrypted: boolean;
  /** `optional`: whoever has none, or one of an unknown issuer, gets a connection too. `required`: gets no handshake. */
  readonly clientCertificates: 'none' | 'optional' | 'required';
  /** Names of the settings behind the material, for the error of what does not fit together. */
  readonly settings: string;
}

export interface ListenerTlsDeps {
  readonly source: TlsMaterialSource;
  /** Told of material that fits together before it is in force; throwing refuses it. */
  readonly accept?: (material: TlsMaterial) => void;
  readonly logger: Logger;
}

/**
 * The transport of a listener. Its material may change while it runs: new connections get the new one, open ones stay. What
 * does not fit together is not taken, and what was there before stays in force.
 */
export class ListenerTls implements Component {
  readonly name = 'listener-tls';
  readonly #options: ListenerTlsOptions;
  readonly #deps: ListenerTlsDeps;
  #server: HttpsServer | undefined;
  #inForce: TlsMaterial = {};
  #refused: string | undefined;

  constructor(options: ListenerTlsOptions, deps: ListenerTlsDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** End of the certificate in force; undefined: there is none. */
  get notAfter(): Date | undefined {
    const { cert } = this.#inForce;
    return cert === undefined ? undefined : new Date(new X509Certificate(cert).validTo);
  }

  /** Once. Before `start` it has no certificate. */
  createServer(options: ServerOptions, app?: RequestListener): Server {
    const { encrypted, clientCertificates } = this.#options;
    if (!encrypted) return createHttpServer(options, app);
    this.#server = createHttpsServer(
      {
        ...options,
        ...listenerTransport,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        requestCert: clientCertificates !== 'none',
        rejectUnauthorized: clientCertificates === 'required',
      },
      app,
    );
    return this.#server;
  }

  /** @throws AppError CONFIG_INVALID */
  async start(): Promise<void> {
    try {
      this.#apply(await this.#deps.source.read());
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('CONFIG_INVALID', `${this.#options.settings} do not fit together`, { cause: error });
    }
  }

  stop(): void {
    // Nothing is held.
  }

  /** Takes what has changed. Never rejects. */
  async check(): Promise<void> {
    const { source, logger } = this.#deps;
    try {
      const material = await source.read();
      if (!same(material, this.#inForce)) {
        this.#apply(material);
        logger.info({ event: 'tls_files_replaced' }, 'new certificates are in force');
      }
      this.#refused = undefined;
    } catch (error) {
      // Said once: a file in the middle of its replacement is looked at again soon.
      const reason = isError(error) ? error.message : 'invalid';
      if (this.#refused !== reason)
        logger.warn({ event: 'tls_files_refused', error }, 'the former certificates stay in force');
      this.#refused = reason;
    }
  }

  #apply(material: TlsMaterial): void {
    const { cert, key, ca } = material;
    const context = { ...listenerTransport, cert, key, ...(ca !== undefined && { ca }) };
    // Throws when they do not fit, before anything is replaced.
    if (cert !== undefined) createSecureContext(context);
    this.#deps.accept?.(material);
    if (cert !== undefined) this.#server?.setSecureContext(context);
    this.#inForce = material;
  }
}

const same = (a: TlsMaterial, b: TlsMaterial): boolean =>
  a.cert === b.cert && a.key === b.key && a.ca === b.ca;
