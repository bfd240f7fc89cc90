import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChallengeSolver, PendingChallenge } from './challenge-solver';
import { PresentedAnswers, type SharedAnswers } from './presented-answers';

/** RFC 8555 section 8.3. Tokens are base64url with at least 128 bits; longer than any CA's is refused. */
const PATH = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{22,256})$/;
const TOKEN = /^[A-Za-z0-9_-]{22,256}$/;

export interface Http01ResponderOptions {
  /** Address to listen on. Port 80 of every name has to lead here, directly or through a proxy. Port 0 takes a free one. */
  bind: { host: string; port: number };
}

export interface Http01ResponderDeps {
  shared?: SharedAnswers;
}

/**
 * Answers HTTP-01 validations and nothing else: a GET or HEAD for a token that is being validated right now, here or by
 * whom it shares answers with, gets its key authorization, everything else 404. It keeps no connection and reads no
 * request body.
 */
export class Http01Responder implements ChallengeSolver {
  readonly type = 'http-01';
  private readonly answers: PresentedAnswers;
  private server: Server | undefined;

  constructor(
    private readonly options: Http01ResponderOptions,
    deps: Http01ResponderDeps = {},
  ) {
    this.answers = new PresentedAnswers(deps.shared);
  }

  /** @returns the port it listens on. */
  async start(): Promise<number> {
    const server = createServer(
      { keepAlive: false, requestTimeout: 10_000, maxHeaderSize: 8_192 },
      (request, response) => void this.answer(request, response),
    );
    this.server = server;
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
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Here only. @throws RangeError for what is not a token or not a key authorization of that token. */
  put(token: string, keyAuthorization: string): void {
    check(token, keyAuthorization);
    this.answers.set(token, keyAuthorization);
  }

  remove(token: string): void {
    this.answers.delete(token);
  }

  /** Challenges being answered now, of those presented here. */
  get size(): number {
    return this.answers.size;
  }

  /** @throws AppError UNAVAILABLE when the answer cannot be shared */
  async present({ token, keyAuthorization }: PendingChallenge, signal?: AbortSignal): Promise<void> {
    check(token, keyAuthorization);
    await this.answers.present(token, keyAuthorization, signal);
  }

  cleanup({ token, keyAuthorization }: PendingChallenge): Promise<void> {
    return this.answers.withdraw(token, keyAuthorization);
  }

  discard({ token, keyAuthorization }: PendingChallenge): Promise<void> {
    return this.answers.discard(token, keyAuthorization);
  }

  /** Never rejects. */
  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const readable = request.method === 'GET' || request.method === 'HEAD';
    const token = readable ? PATH.exec(request.url ?? '')?.[1] : undefined;
    response.setHeader('connection', 'close');
    try {
      const body = token === undefined ? undefined : await this.answers.find(token);
      if (body === undefined) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-length': Buffer.byteLength(body),
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    } catch {
      response.writeHead(503).end();
    }
  }
}

function check(token: string, keyAuthorization: string): void {
  if (!TOKEN.test(token)) throw new RangeError('not an ACME token');
  if (!keyAuthorization.startsWith(`${token}.`))
    throw new RangeError('the key authorization is of another token');
}
