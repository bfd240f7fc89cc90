import { isIP, type AddressInfo } from 'node:net';
import { createServer, type SecureContext, type Server, type TLSSocket } from 'node:tls';
import type { ChallengeSolver, PendingChallenge } from '../challenge-solver';
import { PresentedAnswers, type SharedAnswers } from '../presented-answers';
import { alpnContext } from './alpn-certificate';

const PROTOCOL = 'acme-tls/1';
const NAME = /^[a-z0-9_.:-]{1,253}$/;
/** For a handshake, milliseconds. */
const HANDSHAKE_MS = 10_000;

export interface TlsAlpn01ResponderOptions {
  /**
   * Address to listen on. Connections to port 443 of every name that ask for the protocol `acme-tls/1` have to lead here
   * undecrypted, for example by `ssl_preread` of NGINX. Port 0 takes a free one.
   */
  bind: { host: string; port: number };
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

  /** @returns the port it listens on. */
  async start(): Promise<number> {
    const server = createServer(
      {
        ALPNProtocols: [PROTOCOL],
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
        if (socket.alpnProtocol === PROTOCOL) socket.setTimeout(HANDSHAKE_MS, () => socket.destroy());
        else socket.destroy();
      },
    );
    this.server = server;
    server.on('tlsClientError', () => undefined);
    const { host, port } = this.options.bind;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    return (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }

  /**
   * A handshake says no more than the name: orders that share one take turns, here and across all that share answers.
   * @throws AppError UNAVAILABLE when the answer cannot be shared; ACME_UNAVAILABLE when its turn does not come
   */
  async present({ identifier, keyAuthorization }: PendingChallenge, signal?: AbortSignal): Promise<void> {
    await this.answers.present(identifier.value.toLowerCase(), keyAuthorization, signal);
  }

  cleanup({ identifier, keyAuthorization }: PendingChallenge): Promise<void> {
    return this.answers.withdraw(identifier.value.toLowerCase(), keyAuthorization);
  }

  discard({ identifier, keyAuthorization }: PendingChallenge): Promise<void> {
    return this.answers.discard(identifier.value.toLowerCase(), keyAuthorization);
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
  return isIP(long) === 6 ? new URL(`http://[${long}]/`).hostname.slice(1, -1) : undefined;
}
