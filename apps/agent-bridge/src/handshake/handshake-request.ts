import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { TrustedProxies } from '@viw/runtime';
import type { HandshakeRequest } from './verifier';

/** As requested, without query. */
export const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] ?? '';

/** What an upgrade request says, and how much of it may be believed. */
export function handshakeRequest(request: IncomingMessage, proxies: TrustedProxies): HandshakeRequest {
  const { headers, socket } = request;
  const peer = socket.remoteAddress ?? '';
  const forwarded = headers['x-forwarded-for'];
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  const ip = proxies.client(peer, Array.isArray(forwarded) ? forwarded.join(',') : forwarded);
  return {
    path: pathOf(request),
    headers,
    ip,
    clientKnown: !proxies.has(ip),
    viaTrustedProxy: proxies.has(peer),
    ...(certificate && {
      clientCertificate: { certificate, trusted: (socket as TLSSocket).authorized },
    }),
  };
}
