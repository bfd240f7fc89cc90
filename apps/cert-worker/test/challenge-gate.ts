import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Stands at the CA's validation port, in front of the worker's responder, as a proxy does at port 80. While it is
 * closed it holds back the answers that it has already fetched: so a validation is under way for as long as a test
 * needs it, and outlives the worker.
 */
export class ChallengeGate {
  /** Validations held back now. */
  waiting = 0;
  #open = true;
  #onOpen: (() => void)[] = [];
  readonly #server = createServer((request, response) => {
    void this.#answer(request.url ?? '/').then(({ status, body }) => response.writeHead(status).end(body));
  });

  /** @param workerPort where the responder listens */
  constructor(private readonly workerPort: number) {}

  async start(port: number): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.open();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  close(): void {
    this.#open = false;
  }

  open(): void {
    this.#open = true;
    for (const go of this.#onOpen.splice(0)) go();
  }

  async #answer(path: string): Promise<{ status: number; body: string }> {
    const answer = await this.#fetch(path).catch(() => ({ status: 502, body: 'no responder' }));
    this.waiting += 1;
    if (!this.#open) await new Promise<void>((resolve) => this.#onOpen.push(resolve));
    this.waiting -= 1;
    return answer;
  }

  #fetch(path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const take = (response: IncomingMessage): void => {
        let body = '';
        response.on('data', (piece: Buffer) => (body += piece.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 500, body }));
      };
      get({ host: '127.0.0.1', port: this.workerPort, path, agent: false }, take).on('error', reject);
    });
  }
}
