import { constants } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Bind, Component, Logger } from '@viw/runtime';
import { AppError, formatBind, isError, isLoopback } from '@viw/runtime';

/** Forward secrecy and AEAD only; TLS 1.3 has nothing else anyway. */
const CIPHERS = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
].join(':');

const transport = {
  minVersion: 'TLSv1.2',
  ciphers: CIPHERS,
  honorCipherOrder: true,
  // A resumed session would be judged by the authorities of its first handshake.
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const;

export type TlsMode = 'insecure' | 'custom';

export interface ListenerTlsOptions {
  /** `insecure`: plain HTTP, on loopback only unless forced. `custom`: TLS with these files. */
  readonly mode: TlsMode;
  readonly force: boolean;
  readonly bind: Bind;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Issuers of client certificates; without it none is asked for. */
  readonly clientCaFile?: string | undefined;
  /** Nobody gets in without one. */
  readonly clientRequired: boolean;
}

interface Pem {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
}

/**
 * The transport of the API's listener. Its files may be replaced while it runs: new connections get the new ones, open ones
 * stay. Files that do not fit together are not taken, and those before stay in force.
 */
export class ListenerTls implements Component {
  readonly name = 'listener-tls';
  #server: HttpsServer | undefined;
  #inForce: Pem | undefined;
  #refused: string | undefined;

  constructor(
    private readonly options: ListenerTlsOptions,
    private readonly deps: { readonly logger: Logger },
  ) {}

  /** Whether client certificates are asked for. */
  get asksForCertificates(): boolean {
    return this.options.mode === 'custom' && this.options.clientCaFile !== undefined;
  }

  /** Cannot be listened on before `start`. */
  createServer(options: ServerOptions, app: RequestListener): Server {
    if (this.options.mode === 'insecure') return createHttpServer(options, app);
    this.#server = createHttpsServer(
      {
        ...options,
        ...transport,
        handshakeTimeout: 5_000,
        requestCert: this.asksForCertificates,
        rejectUnauthorized: this.options.clientRequired,
      },
      app,
    );
    return this.#server;
  }

  /** @throws AppError CONFIG_INVALID */
  async start(): Promise<void> {
    const { mode, force, bind } = this.options;
    if (mode === 'insecure') {
      if (isLoopback(bind.host)) return;
      if (!force)
        throw new AppError(
          'CONFIG_INVALID',
          `BACKEND_TLS_MODE=insecure on ${formatBind(bind)}: passwords would cross the network in clear. Set BACKEND_TLS_MODE=custom, bind to loopback, or say BACKEND_TLS_INSECURE_FORCE=true where something in front ends TLS`,
        );
      this.deps.logger.warn(
        { event: 'tls_insecure', address: formatBind(bind) },
        'THE API SPEAKS PLAIN HTTP OFF LOOPBACK: only what ends TLS in front may reach it',
      );
      return;
    }
    try {
      this.#apply(await this.#read());
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('CONFIG_INVALID', 'the files of BACKEND_TLS_* do not fit together', {
        cause: error,
      });
    }
  }

  stop(): void {
    // Nothing is held.
  }

  /** Takes files that have changed. Never rejects. */
  async check(): Promise<void> {
    if (this.options.mode === 'insecure') return;
    const { logger } = this.deps;
    try {
      const pem = await this.#read();
      if (JSON.stringify(pem) !== JSON.stringify(this.#inForce)) {
        this.#apply(pem);
        logger.info({ event: 'tls_files_replaced' }, 'new certificate files are in force');
      }
      this.#refused = undefined;
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
    const context = { cert, key, ...transport, ...(ca !== undefined && { ca }) };
    // Throws when they do not fit, before anything is replaced.
    createSecureContext(context);
    this.#server?.setSecureContext(context);
    this.#inForce = pem;
  }

  async #read(): Promise<Pem> {
    const { certFile, keyFile, clientCaFile } = this.options;
    const [cert, key, ca] = await Promise.all([
      readPem('BACKEND_TLS_CERT_FILE', certFile),
      readPem('BACKEND_TLS_KEY_FILE', keyFile),
      clientCaFile === undefined ? undefined : readPem('BACKEND_TLS_CLIENT_CA_FILE', clientCaFile),
    ]);
    return { cert, key, ca };
  }
}

async function readPem(setting: string, path: string | undefined): Promise<string> {
  if (path === undefined) throw new AppError('CONFIG_INVALID', `${setting} is needed`);
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new AppError('CONFIG_INVALID', `${setting}: the file cannot be read (${error.code ?? 'unknown'})`);
  });
}
