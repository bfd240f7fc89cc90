import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';

const PATIENCE_MS = 700;

/** What stands at port 80 in production: asks one worker after the other until one knows the answer. */
export class ChallengeEdge {
  readonly #workers: readonly number[];
  readonly #server = createServer((request, response) => {
    void this.answers(request.url ?? '/').then(([body]) => {
      if (body === undefined) response.writeHead(404).end();
      else response.end(body);
    });
  });

  /** @param workers ports of their responders on 127.0.0.1 */
  constructor(workers: readonly number[]) {
    this.#workers = workers;
  }

  /** @returns its port */
  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** What workers say to a path now; one that is dead or frozen says nothing. */
  async answers(path: string): Promise<string[]> {
    const said = await Promise.all(this.#workers.map((port) => ask(port, path)));
    return said.filter((body) => body !== undefined);
  }
}

function ask(port: number, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const nothing = (): void => resolve(undefined);
    const call = get({ host: '127.0.0.1', port, path, agent: false, timeout: PATIENCE_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (body += piece));
      response.on('error', nothing);
      response.on('end', () => resolve(response.statusCode === 200 ? body : undefined));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', nothing);
  });
}
