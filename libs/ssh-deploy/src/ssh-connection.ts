import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import { Client, type ConnectConfig, type SFTPWrapper } from 'ssh2';
import { readAnswer } from './channel-answer';
import { openChannel } from './channel-opening';
import { connectionFailed, hostKeyMismatch, sshFailed } from './errors';
import { runOverChannel, type ExecOptions, type ExecResult } from './exec';
import { HOST_KEY_ALGORITHMS, pinnedHostKey, type HostKeyAlgorithm } from './host-key';
import { quoteForPosixShell } from './quote';
import { RemoteFiles } from './remote-files';

export interface SshConnectOptions {
  host: string;
  port: number;
  username: string;
  /** PEM or OpenSSH private key; with `passphrase` when it is encrypted. Or `password`, or `agentSocket`. */
  privateKey?: string;
  passphrase?: string;
  password?: string;
  /** Unix socket of an SSH agent that signs; its keys stay with it, and it is not forwarded to the server. */
  agentSocket?: string;
  /** The server is reached through this one, whose host key is pinned by itself. */
  jump?: SshConnectOptions;
  /** The confirmed host key as `SHA256:…`. There is no way to connect without one. */
  hostKeyFingerprint: string;
  /** Narrows the accepted host key signature algorithms further, for example to the pinned key's own type. */
  hostKeyAlgorithms?: readonly HostKeyAlgorithm[];
  /** TCP connection, key exchange and authentication together, in milliseconds. Default 15,000. */
  connectTimeoutMs?: number;
  /** Default limit of one command, of one file operation and of opening one channel, in milliseconds. Default 30,000. */
  operationTimeoutMs?: number;
  /** A server that misses three of these keep-alives is given up. Milliseconds, default 10,000. */
  keepaliveIntervalMs?: number;
}

/**
 * One authenticated SSH connection to one server whose host key was checked against a pinned fingerprint before
 * any credential was sent. Not a pool and no retries: the caller decides about both.
 */
export class SshConnection {
  private alive = true;
  private readonly lost = new AbortController();
  /** Resolves when it is closed or lost. */
  readonly closed: Promise<void>;
  private files: Promise<RemoteFiles> | undefined;

  private constructor(
    private readonly client: Client,
    private readonly operationTimeoutMs: number,
    readonly endpoint: string,
    readonly username: string,
  ) {
    // One per operation under way.
    client.setMaxListeners(0);
    setMaxListeners(0, this.lost.signal);
    this.closed = new Promise((resolve) => {
      client.on('close', () => {
        this.alive = false;
        this.lost.abort();
        resolve();
      });
    });
    // Errors of an established connection surface in the operation that suffers from them.
    client.on('error', () => (this.alive = false));
  }

  /**
   * @throws AppError HOST_KEY_MISMATCH (nothing was authenticated), SSH_FAILED with `meta.reason`
   * `authentication`, `timeout`, `unreachable` or `protocol`.
   * @param way to the server's port, such as a stream of `forwardOut` of a jump host; by default a connection of its own
   */
  static connect(options: SshConnectOptions, way?: Duplex): Promise<SshConnection> {
    const { host, port, hostKeyFingerprint, operationTimeoutMs = 30_000 } = options;
    const endpoint = `${host}:${port}`;
    const client = new Client();
    let offered: string | undefined;

    return new Promise((resolve, reject) => {
      client.once('ready', () => {
        client.removeListener('error', refuse);
        client.removeListener('close', closedEarly);
        // Small requests that follow each other would wait for acknowledgements that the server delays (40 ms).
        client.setNoDelay(true);
        resolve(new SshConnection(client, operationTimeoutMs, endpoint, options.username));
      });
      const refuse = (cause: Error): void => {
        // A second error may follow the first while the socket closes; it has nobody to tell.
        client.on('error', () => undefined);
        client.end();
        const expected = hostKeyFingerprint.replace(/=$/, '');
        const mismatch = offered !== undefined && offered !== expected;
        reject(
          mismatch ? hostKeyMismatch(endpoint, expected, offered ?? '') : connectionFailed(endpoint, cause),
        );
      };
      client.once('error', refuse);
      const closedEarly = (): void =>
        refuse(new Error('the server closed the connection during the handshake'));
      client.once('close', closedEarly);
      try {
        client.connect({
          ...connectConfig(options, (fingerprint) => (offered = fingerprint)),
          ...(way && { sock: way }),
        });
      } catch (cause) {
        // ssh2 parses the private key here; its words name the problem, never the key.
        reject(sshFailed(`cannot use the credential for ${endpoint}`, 'credential', cause as Error));
      }
    });
  }

  get isAlive(): boolean {
    return this.alive;
  }

  /**
   * Runs one command and waits for its end. A non-zero `rc` is a result, not an error.
   * @throws AppError SSH_FAILED with `meta.reason` `timeout`, `connection` or `exec`.
   */
  exec(argv: readonly string[], options: Partial<ExecOptions> = {}): Promise<ExecResult> {
    const line = quoteForPosixShell(argv);
    return runOverChannel(this.client, line, argv[0] ?? '', {
      timeoutMs: this.operationTimeoutMs,
      ...options,
    });
  }

  /**
   * File operations; one SFTP channel per connection, opened on first use and again after it could not be or was closed.
   * @throws AppError of `openChannel`
   */
  sftp(): Promise<RemoteFiles> {
    if (this.files) return this.files;
    const forget = (): void => {
      if (this.files === files) this.files = undefined;
    };
    const files = openChannel<SFTPWrapper>({
      what: `SFTP on ${this.endpoint}`,
      refused: [`cannot open SFTP on ${this.endpoint}`, 'sftp'],
      timeoutMs: this.operationTimeoutMs,
      lost: this.lost.signal,
      ask: (done) => this.client.sftp(done),
      discard: (sftp) => sftp.end(),
    }).then((sftp) => {
      sftp.setMaxListeners(0);
      sftp.once('close', forget);
      return new RemoteFiles(sftp, this.lost.signal, this, this.operationTimeoutMs);
    });
    files.catch(forget);
    this.files = files;
    return files;
  }

  /**
   * A TCP stream from the server to `host:port` as the server resolves it (RFC 4254 section 7.2).
   * @throws AppError of `openChannel`
   */
  forwardOut(host: string, port: number, timeoutMs = this.operationTimeoutMs): Promise<Duplex> {
    return openChannel<Duplex>({
      what: `${host}:${port} from ${this.endpoint}`,
      refused: [`${this.endpoint} cannot reach ${host}:${port}`, 'forwarding'],
      timeoutMs,
      lost: this.lost.signal,
      ask: (done) => this.client.forwardOut('127.0.0.1', 0, host, port, done),
      discard: (stream) => stream.on('error', () => undefined).destroy(),
    });
  }

  /**
   * Sends a line to a Unix socket of the server and takes what comes until it is closed there, cut at 64 KiB
   * (OpenSSH's PROTOCOL, section 2.4).
   * @throws AppError of `openChannel`; SSH_FAILED with `meta.reason` `timeout`
   */
  async askUnixSocket(path: string, question: string, timeoutMs = this.operationTimeoutMs): Promise<string> {
    const stream = await openChannel<Duplex>({
      what: `${path} on ${this.endpoint}`,
      refused: [`${this.endpoint} cannot reach ${path}`, 'forwarding'],
      timeoutMs,
      lost: this.lost.signal,
      ask: (done) => this.client.openssh_forwardOutStreamLocal(path, done),
      discard: (late) => late.on('error', () => undefined).destroy(),
    });
    return readAnswer(stream, question, `${path} on ${this.endpoint}`, timeoutMs);
  }

  /** Ends the connection; resolves when the socket is closed. Safe to call twice. */
  close(): Promise<void> {
    if (!this.alive) return Promise.resolve();
    return new Promise((resolve) => {
      const force = setTimeout(() => this.client.destroy(), 2_000);
      this.client.once('close', () => {
        clearTimeout(force);
        resolve();
      });
      this.client.end();
    });
  }
}

function connectConfig(options: SshConnectOptions, onOffered: (fingerprint: string) => void): ConnectConfig {
  const { connectTimeoutMs = 15_000, keepaliveIntervalMs = 10_000 } = options;
  return {
    host: options.host,
    port: options.port,
    username: options.username,
    ...(options.privateKey !== undefined && { privateKey: options.privateKey }),
    ...(options.passphrase !== undefined && { passphrase: options.passphrase }),
    ...(options.password !== undefined && { password: options.password }),
    ...(options.agentSocket !== undefined && { agent: options.agentSocket }),
    agentForward: false,
    readyTimeout: connectTimeoutMs,
    keepaliveInterval: keepaliveIntervalMs,
    keepaliveCountMax: 3,
    algorithms: { serverHostKey: [...(options.hostKeyAlgorithms ?? HOST_KEY_ALGORITHMS)] },
    hostVerifier: pinnedHostKey(options.hostKeyFingerprint, onOffered),
  };
}
