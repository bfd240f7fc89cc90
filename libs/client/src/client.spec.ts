import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, createClient, UnexpectedAnswerError, UnreachableError, type LiveEvent } from './index';

type Handler = (request: IncomingMessage, body: string, response: ServerResponse) => void;

const me = {
  kind: 'administrator',
  id: '1',
  name: 'ada@example.org',
  role: 'admin',
  permissions: ['gateways:read'],
  csrf_token: 'csrf-1',
};

describe('createClient', () => {
  let server: Server;
  let baseUrl: string;
  let handler: Handler;

  beforeEach(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => handler(request, body, response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const json = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

  it('signs in, keeps the cookie and sends the CSRF token with writes only', async () => {
    const seen: { method: string | undefined; csrf: unknown; cookie: unknown }[] = [];
    handler = (request, _body, response) => {
      seen.push({
        method: request.method,
        csrf: request.headers['x-csrf-token'],
        cookie: request.headers.cookie,
      });
      if (request.url === '/admin/api/gateways') return json(response, 200, { items: [], next_cursor: null });
      if (request.method === 'DELETE') {
        return void response.writeHead(204, { 'set-cookie': 'viw_session=; Max-Age=0' }).end();
      }
      return json(response, 200, me, { 'set-cookie': 'viw_session=s1; HttpOnly; Path=/' });
    };
    const client = createClient({ baseUrl, auth: { kind: 'session' } });
    await client.session.signIn({ email: 'ada@example.org', password: 'x' });
    await client.gateways.list();
    await client.session.signOut();
    await client.gateways.list();
    expect(seen).toEqual([
      { method: 'POST', csrf: undefined, cookie: undefined },
      { method: 'GET', csrf: undefined, cookie: 'viw_session=s1' },
      { method: 'DELETE', csrf: 'csrf-1', cookie: 'viw_session=s1' },
      { method: 'GET', csrf: undefined, cookie: undefined },
    ]);
  });

  it('sends the API key, the idempotency key, escaped ids and only given query values', async () => {
    let request: IncomingMessage | undefined;
    let sent = '';
    handler = (incoming, body, response) => {
      request = incoming;
      sent = body;
      if (incoming.method === 'GET') return json(response, 200, { points: [] });
      return json(response, 202, { correlation_id: '01936b2e-0000-7000-8000-000000000001' });
    };
    const client = createClient({ baseUrl, auth: { kind: 'apiKey', key: 'k1' } });
    await client.commands.run('gw/1', { command: 'list_users' }, { idempotencyKey: 'once' });
    expect(request?.url).toBe('/admin/api/gateways/gw%2F1/commands');
    expect(request?.headers).toMatchObject({ authorization: 'Bearer k1', 'idempotency-key': 'once' });
    expect(JSON.parse(sent)).toEqual({ command: 'list_users' });
    await client.gateways.points('gw-1', { step: 60 });
    expect(request?.url).toBe('/admin/api/gateways/gw-1/points?step=60');
  });

  it('turns a problem document into an ApiError and a foreign error page as well', async () => {
    const client = createClient({ baseUrl, auth: { kind: 'apiKey', key: 'k1' } });
    handler = (_request, _body, response) =>
      json(
        response,
        429,
        {
          type: 'about:blank',
          title: 'Too many',
          status: 429,
          detail: 'The queue is full',
          code: 'QUEUE_FULL',
          correlation_id: 'c1',
          errors: [{ path: 'command', msg: 'later' }],
        },
        { 'retry-after': '3' },
      );
    const refused = await client.verbs().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect(refused).toMatchObject({
      status: 429,
      code: 'QUEUE_FULL',
      detail: 'The queue is full',
      correlationId: 'c1',
      retryAfterS: 3,
      errors: [{ path: 'command', msg: 'later' }],
    });
    handler = (_request, _body, response) => void response.writeHead(502).end('<html>');
    await expect(client.verbs()).rejects.toMatchObject({ status: 502, code: 'HTTP_502' });
  });

  it('refuses answers that break the contract and says when nobody answers', async () => {
    const client = createClient({ baseUrl, auth: { kind: 'session' } });
    handler = (_request, _body, response) => json(response, 200, { items: [{ verb: 1 }] });
    await expect(client.verbs()).rejects.toBeInstanceOf(UnexpectedAnswerError);
    handler = (_request, _body, response) => void response.destroy();
    await expect(client.verbs()).rejects.toBeInstanceOf(UnreachableError);
    await expect(client.verbs({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('yields live events and resumes after the last one', async () => {
    const resumed: unknown[] = [];
    handler = (request, _body, response) => {
      resumed.push(request.headers['last-event-id'], request.url);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: ready\ndata: {}\n\n');
      response.end('id: 8\nevent: change\ndata: {"kind":"command","id":"c1","parent_id":"gw-1"}\n\n');
    };
    const client = createClient({ baseUrl, auth: { kind: 'apiKey', key: 'k1' } });
    const found: LiveEvent[] = [];
    for await (const event of client.events({ topics: ['gateways', 'commands'], lastEventId: '7' })) {
      found.push(event);
    }
    expect(found).toEqual([
      { type: 'ready', id: undefined },
      { type: 'change', id: '8', change: { kind: 'command', id: 'c1', parent_id: 'gw-1' } },
    ]);
    expect(resumed).toEqual(['7', '/admin/api/events?topics=gateways%2Ccommands']);
  });
});
