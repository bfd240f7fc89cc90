import type { Server, Socket } from 'node:net';
import { ACME_PROTOCOL, type TlsAlpn01Responder } from './tls-alpn01-responder';
import { offeredProtocols } from './client-hello';

/** For the first message of a client, milliseconds. */
const HELLO_MS = 5_000;
/** Who sends his first message in more pieces is no CA. */
const MAX_PIECES = 64;

/**
 * Lets a TLS listener that serves something else answer TLS-ALPN-01 as well: connections that ask for `acme-tls/1` and nothing
 * else (RFC 8737 section 4) go to the responder, all others to the listener as they came. Nobody but a CA gets to see the
 * certificate of a validation.
 *
 * To be called once, before the server listens, after everything that wants its `connection` event.
 */
export function openValidationDoor(
  server: Server,
  responder: () => Pick<TlsAlpn01Responder, 'accept'> | undefined,
): void {
  const listeners = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) =>
    sortByHello(socket, (isValidation) => {
      const validating = isValidation ? responder() : undefined;
      if (validating) validating.accept(socket);
      else for (const listener of listeners) listener.call(server, socket);
    }),
  );
}

/** Looks at the first bytes of a connection and puts them back. One that sends none in time is closed. */
function sortByHello(socket: Socket, decided: (isValidation: boolean) => void): void {
  let seen = Buffer.alloc(0);
  let pieces = 0;
  const late = setTimeout(() => socket.destroy(), HELLO_MS);
  const gone = (): void => void socket.destroy();
  const look = (): void => {
    const more = socket.read() as Buffer | null;
    if (more === null) return;
    seen = Buffer.concat([seen, more]);
    const offered = offeredProtocols(seen);
    if (offered === 'incomplete' && ++pieces < MAX_PIECES) return;
    clearTimeout(late);
    socket.off('readable', look).off('end', gone).off('error', gone).off('close', ended);
    socket.unshift(seen);
    decided(Array.isArray(offered) && offered.length === 1 && offered[0] === ACME_PROTOCOL);
  };
  const ended = (): void => clearTimeout(late);
  socket.on('readable', look).on('end', gone).on('error', gone).on('close', ended);
}
