import { constants } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { Server, ServerOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { AppError, isError } from '@viw/runtime';
import type { Component, Logger } from '@viw/runtime';
import type { CertificateAuthorities } from '../../handshake/certificate/certificate-authorities';

/** Forward secrecy and AEAD only; TLS 1.3 has nothing else anyway. */
const CIPHERS = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
].join(':');

export interface AgentTlsOptions {
  /** PEM files of the listener: chain and private key. Without them it speaks plain HTTP. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** PEM file with the issuers of client certificates. */
  readonly caBundle: string | undefined;
}

export interface AgentTlsDeps {
  readonly authorities: CertificateAuthorities | undefined;
  readonly logger: Logger;
}

interface Pem {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
}

/**
 * The certificate files of the agents' listener. They may be replaced while it runs: new connections get the new ones, open
 * ones stay. Files that do not fit together are not taken, and those before stay in force.
 */
export class AgentTls implements Component {
  readonly name = 'agent-tls';
  readonly #options: AgentTlsOptions;
  readonly #deps: AgentTlsDeps;
  #server: HttpsServer | undefined;
  #inForce: Pem | undefined;
  #refused: string | undefined;

  constructor(options: AgentTlsOptions, deps: AgentTlsDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Cannot be listened on before `start`. */
  createServer(options: ServerOptions): Server {
    const { certFile, caBundle } = this.#options;
    if (certFile === undefined) return createHttpServer(options);
    this.#server = createHttpsServer({
      ...options,
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      honorCipherOrder: true,
      // A resumed session would be judged by the authorities of its first handshake.
      secureOptions: constants.SSL_OP_NO_TICKET,
      handshakeTimeout: 5_000,
      // Whoever has no certificate, or a bad one, is told so by the refusal of the upgrade.
      requestCert: caBundle !== undefined,
      rejectUnauthorized: false,
    });
    return this.#server;
  }

  /** @throws AppError CONFIG_INVALID */
  async start(): Promise<void> {
    try {
      this.#apply(await this.#read());
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError(
        'CONFIG_INVALID',
        'AGENT_BRIDGE_TLS_* and AGENT_BRIDGE_CA_BUNDLE do not fit together',
        {
          cause: error,
        },
      );
    }
  }

  stop(): void {
    // Nothing is held.
  }

  /** Takes files that have changed. Never rejects. */
  async check(): Promise<void> {
    const { logger } = this.#deps;
    try {
      const pem = await this.#read();
      if (JSON.stringify(pem) === JSON.stringify(this.#inForce)) return void (this.#refused = undefined);
      this.#apply(pem);
      this.#refused = undefined;
      logger.info({ event: 'tls_files_replaced' }, 'new certificate files are in force');
    } catch (error) {
      // Said once: a file in the middle of its replacement is looked at again soon.
      const reason = isError(error) ? error.message : 'invalid';
      if (this.#refused !== reason)
        logger.warn({ event: 'tls_files_refused', error }, 'the former certificate files stay in force');
      this.#refused = reason;
    }
  }

  #apply(pem: Pem): void {
    const { cert, key, ca } = pem;
    if (cert !== undefined && key !== undefined)
      createSecureContext({ cert, key, ...(ca !== undefined && { ca }) });
    if (ca !== undefined) this.#deps.authorities?.load(ca);
    if (cert !== undefined && key !== undefined)
      this.#server?.setSecureContext({
        ...{ cert, key, minVersion: 'TLSv1.2', ciphers: CIPHERS, honorCipherOrder: true },
        secureOptions: constants.SSL_OP_NO_TICKET,
        ...(ca !== undefined && { ca }),
      });
    this.#inForce = pem;
  }

  async #read(): Promise<Pem> {
    const { certFile, keyFile, caBundle } = this.#options;
    const [cert, key, ca] = await Promise.all([
      readPem('AGENT_BRIDGE_TLS_CERT_FILE', certFile),
      readPem('AGENT_BRIDGE_TLS_KEY_FILE', keyFile),
      readPem('AGENT_BRIDGE_CA_BUNDLE', caBundle),
    ]);
    return { cert, key, ca };
  }
}

async function readPem(setting: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AppError('CONFIG_INVALID', `${setting}: the file cannot be read (${error.code ?? 'unknown'})`);
  });
}
