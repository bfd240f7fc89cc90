import { isIP, connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { SshConnection } from './ssh-connection';

/** One address on which the certificate must show. */
export interface Listener {
  /** As seen from the server (`via` ssh, the default) or from here (`via` direct). */
  host: string;
  port: number;
  /** Sent as SNI; the name whose certificate is looked at. */
  servername: string;
  via?: 'ssh' | 'direct';
}

export interface Served {
  listener: Listener;
  /** Lower-case hex SHA-256 of the leaf's DER; undefined when no handshake succeeded. */
  fingerprint?: string;
  /** Why there is no fingerprint. */
  error?: string;
}

const ATTEMPT_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** Lower-case hex without separators, whichever usual form it came in. */
export function normalizeFingerprint(fingerprint: string): string {
  return fingerprint
    .replace(/^sha-?256[:=]/i, '')
    .replaceAll(':', '')
    .toLowerCase();
}

/**
 * The leaf that a listener serves for its name. The chain is not verified: the question is which certificate is
 * served, and the answer is compared with a fingerprint known beforehand. Never throws.
 */
export async function servedCertificate(connection: SshConnection, listener: Listener): Promise<Served> {
  try {
    const { host, port, servername, via = 'ssh' } = listener;
    const stream = via === 'ssh' ? await connection.forwardOut(host, port) : connectTcp({ host, port });
    return { listener, fingerprint: await leafFingerprint(stream, servername) };
  } catch (error) {
    return { listener, error: (error as Error).message };
  }
}

/**
 * Looks at every listener until `accept` holds for all of them or the time is over.
 * @returns what each listener served last, and whether all were accepted.
 */
export async function pollServed(
  connection: SshConnection,
  listeners: readonly Listener[],
  accept: (served: Served) => boolean,
  timeoutMs: number,
): Promise<{ accepted: boolean; served: Served[] }> {
  const deadline = performance.now() + timeoutMs;
  const served = await Promise.all(
    listeners.map(async (listener) => {
      for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
        const seen = await servedCertificate(connection, listener);
        if (accept(seen) || performance.now() + pause >= deadline || !connection.isAlive) return seen;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }),
  );
  return { accepted: served.every(accept), served };
}

function leafFingerprint(stream: Duplex, servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: stream,
      // RFC 6066 section 3: addresses are not sent as server names.
      ...(isIP(servername) === 0 && { servername }),
      rejectUnauthorized: false,
    });
    const settle = (then: () => void): void => {
      clearTimeout(limit);
      socket.destroy();
      stream.destroy();
      then();
    };
    const limit = setTimeout(
      () => settle(() => reject(new Error(`no TLS handshake within ${ATTEMPT_MS} ms`))),
      ATTEMPT_MS,
    );
    socket.on('error', (error) => settle(() => reject(error)));
    stream.on('error', (error) => settle(() => reject(error)));
    stream.on('close', () =>
      settle(() => reject(new Error('the connection was closed during the TLS handshake'))),
    );
    socket.once('secureConnect', () => {
      const leaf = socket.getPeerX509Certificate();
      settle(() => {
        if (leaf) resolve(normalizeFingerprint(leaf.fingerprint256));
        else reject(new Error('no certificate was served'));
      });
    });
  });
}
