import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';

interface Container {
  readonly id: string;
  readonly name: string;
  readonly definition: Definition;
  state: 'created' | 'running';
}

export interface Definition {
  readonly Image: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly HostConfig?: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const failed = (status: number, message: string): Answer => ({ status, body: { message } });

/**
 * The part of the Docker Engine API (v1.41) that session containers need, with the statuses and messages that its reference
 * documents, for hosts without an engine. It keeps the rules that the helper relies on: names are unique, an image must be
 * there, filters by label, 304 for what is so already, containers with AutoRemove are gone once they stop.
 */
export class ContainerEngine {
  readonly containers = new Map<string, Container>();
  /** What it was asked, in order. */
  readonly requests: string[] = [];
  /** The next start is answered by this. */
  startFailure: string | undefined;
  readonly #server: Server;

  constructor(
    readonly socketPath: string,
    private readonly images: readonly string[],
  ) {
    this.#server = createServer((request, response) => {
      void this.#answer(request).then(({ status, body }) => {
        response.writeHead(status, body === undefined ? {} : { 'Content-Type': 'application/json' });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      });
    });
  }

  async start(): Promise<void> {
    await rm(this.socketPath, { force: true });
    await new Promise<void>((resolve) => this.#server.listen(this.socketPath, resolve));
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** One that is not a session's. */
  addForeign(name: string): string {
    return this.#add(name, { Image: 'postgres:15' }, 'running').id;
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const url = new URL(request.url ?? '/', 'http://engine');
    this.requests.push(`${request.method} ${url.pathname}`);
    const [, kind, name = '', action = ''] = url.pathname.split('/');
    if (kind === '_ping') return { status: 200 };
    if (kind !== 'containers') return failed(404, 'page not found');
    if (request.method === 'POST' && name === 'create')
      return this.#create(url.searchParams.get('name') ?? '', JSON.parse(text) as Definition);
    if (request.method === 'GET' && name === 'json') return this.#list(url.searchParams);
    const container = this.#find(decodeURIComponent(name));
    if (!container) return failed(404, `No such container: ${name}`);
    if (request.method === 'DELETE') return this.#remove(container);
    if (request.method === 'GET' && action === 'json')
      return {
        status: 200,
        body: { Id: container.id, Config: { Labels: container.definition.Labels ?? {} } },
      };
    if (request.method === 'POST' && action === 'start') return this.#start(container);
    if (request.method === 'POST' && action === 'stop') return this.#stop(container);
    return failed(404, 'page not found');
  }

  #create(name: string, definition: Definition): Answer {
    if (!this.images.includes(definition.Image)) return failed(404, `No such image: ${definition.Image}`);
    if ([...this.containers.values()].some((each) => each.name === name))
      return failed(409, `Conflict. The container name "/${name}" is already in use`);
    return { status: 201, body: { Id: this.#add(name, definition, 'created').id, Warnings: [] } };
  }

  #add(name: string, definition: Definition, state: Container['state']): Container {
    const container: Container = { id: randomBytes(32).toString('hex'), name, definition, state };
    this.containers.set(container.id, container);
    return container;
  }

  #list(query: URLSearchParams): Answer {
    const { label = [] } = JSON.parse(query.get('filters') ?? '{}') as { label?: string[] };
    const shown = [...this.containers.values()].filter(
      ({ state, definition }) =>
        (state === 'running' || query.get('all') === 'true') &&
        label.every((name) => definition.Labels?.[name] !== undefined),
    );
    return {
      status: 200,
      body: shown.map(({ id, name, definition, state }) => ({
        Id: id,
        Names: [`/${name}`],
        Image: definition.Image,
        State: state,
        Labels: definition.Labels ?? {},
      })),
    };
  }

  #start(container: Container): Answer {
    const failure = this.startFailure;
    this.startFailure = undefined;
    if (failure !== undefined) return failed(500, failure);
    if (container.state === 'running') return { status: 304 };
    container.state = 'running';
    return { status: 204 };
  }

  #stop(container: Container): Answer {
    if (container.state !== 'running') return { status: 304 };
    if (container.definition.HostConfig?.['AutoRemove'] === true) this.containers.delete(container.id);
    else container.state = 'created';
    return { status: 204 };
  }

  #remove({ id }: Container): Answer {
    this.containers.delete(id);
    return { status: 204 };
  }

  #find(idOrName: string): Container | undefined {
    return (
      this.containers.get(idOrName) ?? [...this.containers.values()].find(({ name }) => name === idOrName)
    );
  }
}
