import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { isUuid, uuidv7 } from '@viw/runtime';
import type { TrustedProxies } from '@viw/runtime';
import type { RequestFacts } from './route';

const correlationHeader = 'x-correlation-id';

/** A correlation id that is no UUID is replaced, not refused: it is for following a request, not part of it. */
function correlationIdOf(request: IncomingMessage): string {
  const given = request.headers[correlationHeader];
  return isUuid(given) ? given.toLowerCase() : uuidv7();
}

/** Undefined without one, and for one that no trusted issuer has signed. */
function certificateOf({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
  return raw && createHash('sha256').update(raw).digest('hex');
}

export const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] ?? '/';

export const requestFacts = (
  request: IncomingMessage,
  proxies: Pick<TrustedProxies, 'client'>,
): RequestFacts => ({
  correlationId: correlationIdOf(request),
  address: proxies.client(
    request.socket.remoteAddress ?? 'unknown',
    [request.headers['x-forwarded-for'] ?? []].flat().join(','),
  ),
  headers: request.headers,
  certificate: certificateOf(request),
  target: `${request.method ?? ''} ${pathOf(request)}`,
});
