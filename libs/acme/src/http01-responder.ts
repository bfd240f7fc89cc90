import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '@viw/runtime';
import type { ChallengeSolver, PendingChallenge } from './challenge-solver';

/** RFC 8555 section 8.3. Tokens are base64url with at least 128 bits; longer than any CA's is refused. */
const PATH = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{22,256})$/;
const TOKEN = /^[A-Za-z0-9_-]{22,256}$/;

export interface Http01ResponderOptions {
  /** Address to listen on. Port 80 of every name has to lead here, directly or through a proxy. Port 0 takes a free one. */
  bind: { host: string; port: number };
}

/** Answers that several responders share: the CA's request may reach any of them. Nothing in it is secret. */
export interface SharedAnswers {
  /** @param holder whoever presents it; the last one counts */
  put(token: string, keyAuthorization: string, holder: string): Promise<void>;
  find(token: string): Promise<string | undefined>;
  /** Unless somebody else has presented it since: an order goes on elsewhere with the same tokens. */
  remove(token: string, holder: string): Promise<void>;
}

export interface Http01ResponderDeps {
  shared?: SharedAnswers;
}

/** Questions for tokens of nobody are cheap to ask: so many may be looked up at once, the others are told to come again. */
const MAX_LOOKUPS = 16;

/**
 * Answers HTTP-01 validations and nothing else: a GET or HEAD for a token that is being validated right now, here or by
 * whom it shares answers with, gets its key authorization, everything else 404. It keeps no connection and reads no
 * request body.
 */
export class Http01Responder implements ChallengeSolver {
  readonly type = 'http-01';
  private readonly answers = new Map<string, string>();
  private server: Server | undefined;
  private lookups = 0;
  private readonly holder = randomUUID();

  constructor(
    private readonly options: Http01ResponderOptions,
    private readonly deps: Http01ResponderDeps = {},
  ) {}

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

  /** @throws RangeError for what is not a token or not a key authorization of that token. */
  put(token: string, keyAuthorization: string): void {
    if (!TOKEN.test(token)) throw new RangeError('not an ACME token');
    if (!keyAuthorization.startsWith(`${token}.`))
      throw new RangeError('the key authorization is of another token');
    this.answers.set(token, keyAuthorization);
  }

  remove(token: string): void {
    this.answers.delete(token);
  }

  /** Challenges being answered now. */
  get size(): number {
    return this.answers.size;
  }

  /** @throws AppError UNAVAILABLE when the answer cannot be shared: another responder would deny it */
  async present({ token, keyAuthorization }: PendingChallenge): Promise<void> {
    this.put(token, keyAuthorization);
    await this.deps.shared?.put(token, keyAuthorization, this.holder).catch((cause: unknown) => {
      throw new AppError('UNAVAILABLE', 'the answer to the challenge cannot be stored', { cause });
    });
  }

  async cleanup({ token }: PendingChallenge): Promise<void> {
    this.remove(token);
    await this.deps.shared?.remove(token, this.holder);
  }

  /** The caller holds the order now: what its former worker has shared is taken over first. */
  async discard({ token, keyAuthorization }: PendingChallenge): Promise<void> {
    await this.deps.shared?.put(token, keyAuthorization, this.holder);
    await this.deps.shared?.remove(token, this.holder);
  }

  /** Never rejects. */
  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const readable = request.method === 'GET' || request.method === 'HEAD';
    const token = readable ? PATH.exec(request.url ?? '')?.[1] : undefined;
    response.setHeader('connection', 'close');
    try {
      const body = token === undefined ? undefined : (this.answers.get(token) ?? (await this.lookUp(token)));
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

  private async lookUp(token: string): Promise<string | undefined> {
    const { shared } = this.deps;
    if (!shared) return undefined;
    if (this.lookups >= MAX_LOOKUPS) throw new AppError('UNAVAILABLE', 'too many look-ups');
    this.lookups += 1;
    try {
      return await shared.find(token);
    } finally {
      this.lookups -= 1;
    }
  }
}
