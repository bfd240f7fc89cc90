import type { IncomingHttpHeaders } from 'node:http';
import { handshakeHeader } from '@viw/agent-auth';

const ours = Object.values(handshakeHeader);

/**
 * How the deployed agent is told from others, before anything is upgraded: it offers no subprotocol and sends none of the
 * handshake headers. Everyone else speaks `viworks-agent-v1`. What the edge adds (`X-SSL-…`) does not count: behind
 * an edge both kinds may come.
 */
export const isLegacyRequest = (headers: IncomingHttpHeaders): boolean =>
  headers['sec-websocket-protocol'] === undefined && ours.every((name) => headers[name] === undefined);
