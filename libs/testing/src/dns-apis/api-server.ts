import { createServer, type IncomingHttpHeaders } from 'node:http';
import { freePort } from '../ports';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** As it came. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where the values that an API is told become visible in DNS. */
export interface RecordFeed {
  add(name: string, value: string): Promise<void>;
  remove(name: string, value: string): Promise<void>;
}

export interface ApiServer {
  readonly url: string;
  /** All of them, oldest first. */
  readonly requests: ApiRequest[];
  /** The next requests are answered so, before anything else is looked at. */
  answerNext(...answers: ApiAnswer[]): void;
  stop(): Promise<void>;
}

/** A plain HTTP server on 127.0.0.1. An error of `answer` is HTTP 500 with its text. */
export async function startApiServer(
  answer: (request: ApiRequest) => Promise<ApiAnswer>,
): Promise<ApiServer> {
  const port = await freePort();
  const requests: ApiRequest[] = [];
  const prepared: ApiAnswer[] = [];
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => {
      const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://api');
      const request = {
        method: incoming.method ?? 'GET',
        path: pathname,
        query: searchParams,
        target: incoming.url ?? '/',
        headers: incoming.headers,
        body: Buffer.concat(pieces).toString(),
      };
      requests.push(request);
      const next = prepared.shift();
      (next ? Promise.resolve(next) : answer(request))
        .catch((error: unknown) => ({ status: 500, headers: {}, body: String(error) }))
        .then(
          ({ status, headers, body }) => void response.writeHead(status, headers).end(body),
          () => response.destroy(),
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answerNext: (...answers) => void prepared.push(...answers),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
