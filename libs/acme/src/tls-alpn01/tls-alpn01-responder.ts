import { isIP, type AddressInfo, type Socket } from 'node:net';
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { ChallengeSolver, PendingChallenge } from '../challenge-solver';
import { canonicalName } from '../identifiers';
import { PresentedAnswers, type SharedAnswers } from '../presented-answers';
import { alpnContext } from './alpn-certificate';

/** RFC 8737 section 6.2. */
export const ACME_PROTOCOL = 'acme-tls/1';
const NAME = /^[a-z0-9_.:-]{1,253}$/;
/** For a handshake, milliseconds. */
const HANDSHAKE_MS = 10_000;

export interface TlsAlpn01ResponderOptions {
  /**
   * Address to listen on. Connections to port 443 of every name that ask for the protocol `acme-tls/1` have to lead here
   * undecrypted, for example by `ssl_preread` of NGINX. Port 0 takes a free one. Without it it gets connections by `accept` only.
   */
  bind?: { host: string; port: number };
}

/**
 * Answers TLS-ALPN-01 validations (RFC 8737) and nothing else: a handshake for another protocol, or for a name that nobody
 * validates, fails. Nothing is sent or read after it.
 */
export class TlsAlpn01Responder implements ChallengeSolver {
  readonly type = 'tls-alpn-01';
  private readonly answers: PresentedAnswers;
  private readonly sockets = new Set<TLSSocket>();
  private server: Server | undefined;

  constructor(
    private readonly options: TlsAlpn01ResponderOptions,
    deps: { shared?: SharedAnswers } = {},
  ) {
    this.answers = new PresentedAnswers(deps.shared);
  }

  /** @returns the port it listens on; 0: on none. */
  async start(): Promise<number> {
    const server = createServer(
      {
        ALPNProtocols: [ACME_PROTOCOL],
        minVersion: 'TLSv1.2',
        handshakeTimeout: HANDSHAKE_MS,
        SNICallback: (name, done) => {
          this.contextFor(name).then(
            (context) => done(null, context),
            (error: unknown) => done(error as Error),
          );
        },
      },
      (socket) => {
        this.sockets.add(socket);
        socket.on('close', () => this.sockets.delete(socket));
        socket.on('error', () => undefined);
        // The CA has seen what it wanted; it closes the connection itself.
        if (socket.alpnProtocol === ACME_PROTOCOL) socket.setTimeout(HANDSHAKE_MS, () => socket.destroy());
        else socket.destroy();
      },
    );
    this.server = server;
    server.on('tlsClientError', () => undefined);
    const { bind } = this.options;
    if (!bind) return 0;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(bind.port, bind.host, resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }

  /** A connection that somebody else has taken, of which nothing is read yet or everything was put back. */
  accept(socket: Socket): void {
    if (this.server) this.server.emit('connection', socket);
    else socket.destroy();
  }

  /**
   * A handshake says no more than the name: orders that share one take turns, here and across all that share answers.
   * @throws AppError UNAVAILABLE when the answer cannot be shared; ACME_UNAVAILABLE when its turn does not come
   */
  async present({ identifier, keyAuthorization }: PendingChallenge, signal?: AbortSignal): Promise<void> {
    await this.answers.present(canonicalName(identifier.value), keyAuthorization, signal);
  }

  cleanup({ identifier, keyAuthorization }: PendingChallenge): Promise<void> {
    return this.answers.withdraw(canonicalName(identifier.value), keyAuthorization);
  }

  discard({ identifier, keyAuthorization }: PendingChallenge): Promise<void> {
    return this.answers.discard(canonicalName(identifier.value), keyAuthorization);
  }

  private async contextFor(serverName: string): Promise<SecureContext> {
    const name = addressOf(serverName) ?? serverName.toLowerCase();
    const keyAuthorization = NAME.test(name) ? await this.answers.find(name) : undefined;
    if (keyAuthorization === undefined) throw new Error('no such validation');
    return alpnContext(name, keyAuthorization);
  }
}

/** The address in a server name of the reverse mapping, which is how an address is asked for (RFC 8738 section 6). */
function addressOf(serverName: string): string | undefined {
  const labels = serverName.toLowerCase().replace(/\.$/, '').split('.').reverse();
  const [top, kind, ...digits] = labels;
  if (top !== 'arpa') return undefined;
  if (kind === 'in-addr' && isIP(digits.join('.')) === 4) return digits.join('.');
  if (kind !== 'ip6' || digits.length !== 32) return undefined;
  const long = digits.join('').replace(/(.{4})(?=.)/g, '$1:');
  // As an identifier has it: the shortest form.
  return isIP(long) === 6 ? canonicalName(long) : undefined;
}
