import type { IncomingMessage } from 'node:http';
import { isUuid, uuidv7 } from '@viw/runtime';
import type { RequestFacts } from './route';

const correlationHeader = 'x-correlation-id';

/** A correlation id that is no UUID is replaced, not refused: it is for following a request, not part of it. */
function correlationIdOf(request: IncomingMessage): string {
  const given = request.headers[correlationHeader];
  return isUuid(given) ? given.toLowerCase() : uuidv7();
}

export const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] ?? '/';

export const requestFacts = (request: IncomingMessage): RequestFacts => ({
  correlationId: correlationIdOf(request),
  address: (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, ''),
  headers: request.headers,
  target: `${request.method ?? ''} ${pathOf(request)}`,
});
