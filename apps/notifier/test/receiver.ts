import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { freePort, selfSign } from '@viw/testing';

export interface Received {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly event: { readonly type: string; readonly data: Readonly<Record<string, unknown>> };
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export const answering =
  (status: number, headers: Readonly<Record<string, string>> = {}): Behaviour =>
  (_, response) =>
    response.writeHead(status, headers).end('ok');
/** Takes everything and never says a word. */
export const hanging: Behaviour = () => undefined;

/** A receiver of webhooks behind real HTTPS, on 127.0.0.1 with a certificate of its own. */
export class Receiver {
  readonly received: Received[] = [];
  behaviour: Behaviour = answering(204);
  #server: Server | undefined;

  private constructor(
    /** PEM. */
    readonly certificate: string,
    private readonly key: string,
  ) {}

  static async make(folder: string, name: string): Promise<Receiver> {
    const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
    await selfSign({ names: ['127.0.0.1'], certFile, keyFile });
    const receiver = new Receiver(await readFile(certFile, 'utf8'), await readFile(keyFile, 'utf8'));
    await receiver.start();
    return receiver;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}/hook`;
  }
  #port: number | undefined;

  /** At the same port as before. */
  async start(): Promise<void> {
    const server = createServer({ cert: this.certificate, key: this.key }, (request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        const event = JSON.parse(body) as Received['event'];
        this.received.push({ id: headers['webhook-id'] ?? '', headers, body, event });
        this.behaviour(request, response);
      });
    });
    const port = (this.#port ??= await freePort());
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  types(): string[] {
    return this.received.map(({ event }) => event.type);
  }
}
