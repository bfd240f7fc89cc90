import { isIP, connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { sleep } from '@viw/runtime';
import { watchLostTime } from './lost-time';
import type { LostTime } from './lost-time';
import { factsOf, type ServedFacts } from './served-facts';
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
  /** There is a fingerprint. */
  facts?: ServedFacts;
  /** Why there is no fingerprint. */
  error?: string;
}

/** How one listener is looked at, and whether there is any use in looking again. */
export interface Looker {
  readonly look: (listener: Listener) => Promise<Served>;
  readonly isAlive: () => boolean;
}

const ATTEMPT_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** NGINX serves a new certificate 100 to 200 ms after its reload as a rule; pauses grow only after that. */
const USUAL_MS = 500;
const STEADY_MS = 300;
/** Without a certificate of our own; made once, since that takes longer than the rest of a handshake. */
const CONTEXT = createSecureContext();

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
    const stream =
      via === 'ssh' ? await connection.forwardOut(host, port, ATTEMPT_MS) : connectTcp({ host, port });
    return { listener, ...(await handshake(stream, servername)) };
  } catch (error) {
    return { listener, error: (error as Error).message };
  }
}

/**
 * Looks at every listener until each has shown one acceptable answer steadily, or the time is over in which that has to
 * begin; time in which this process itself stood still does not count. Steadily: in every look from the end of the first to one
 * that begins `STEADY_MS` later, because the workers of before a reload go on accepting for a moment beside the new ones
 * (NGINX's master waits 100 ms before it tells them to leave), so that one look proves nothing, however long it takes.
 * @returns what each listener showed last, and whether all were steady and acceptable.
 */
export async function pollServed(
  looker: Looker,
  listeners: readonly Listener[],
  accept: (served: Served) => boolean,
  timeoutMs: number,
): Promise<{ accepted: boolean; served: Served[] }> {
  const deadline = performance.now() + timeoutMs;
  const lost = watchLostTime();
  try {
    const looks = await Promise.all(
      listeners.map((listener) => pollListener(looker, listener, accept, { deadline, lost })),
    );
    return { accepted: looks.every(({ accepted }) => accepted), served: looks.map(({ served }) => served) };
  } finally {
    lost.stop();
  }
}

async function pollListener(
  { look, isAlive }: Looker,
  listener: Listener,
  accept: (served: Served) => boolean,
  { deadline, lost }: { readonly deadline: number; readonly lost: LostTime },
): Promise<{ accepted: boolean; served: Served }> {
  /** The first look of those that showed the same good answer without a break. */
  let first: { fingerprint: string | undefined; began: number; ended: number } | undefined;
  const started = performance.now();
  for (let pause = FIRST_PAUSE_MS; ;) {
    const began = performance.now();
    const served = await look(listener);
    const now = performance.now();
    const { fingerprint } = served;
    if (!accept(served)) first = undefined;
    else if (first === undefined || first.fingerprint !== fingerprint)
      first = { fingerprint, began, ended: now };
    const steadyAt = first ? first.ended + STEADY_MS : Infinity;
    if (began >= steadyAt) return { accepted: true, served };
    const early = first !== undefined || now - started < USUAL_MS;
    pause = early ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
    const until = deadline + lost.ms();
    // What has begun to be steady in time is seen through to its end.
    const begun = first !== undefined && first.began < until;
    if ((!begun && now + pause >= until) || !isAlive()) return { accepted: false, served };
    // The usual proof ends with a look at the very moment at which it may.
    await sleep(Math.max(1, Math.min(pause, Math.ceil(steadyAt - now))));
  }
}

/** Also an option of `tls.connect` (Node's documentation of `new tls.TLSSocket`); its types know it there only. */
const STAPLED = { requestOCSP: true } as const;

function handshake(
  stream: Duplex,
  servername: string,
): Promise<Required<Pick<Served, 'fingerprint' | 'facts'>>> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      ...STAPLED,
      socket: stream,
      // RFC 6066 section 3: addresses are not sent as server names.
      ...(isIP(servername) === 0 && { servername }),
      rejectUnauthorized: false,
      secureContext: CONTEXT,
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
    socket.on('error', (error: Error) => settle(() => reject(error)));
    stream.on('error', (error: Error) => settle(() => reject(error)));
    stream.on('close', () =>
      settle(() => reject(new Error('the connection was closed during the TLS handshake'))),
    );
    let stapled: Buffer | undefined;
    socket.once('OCSPResponse', (response: Buffer | null) => (stapled = response ?? undefined));
    socket.once('secureConnect', () => {
      const leaf = socket.getPeerX509Certificate();
      // Asked before the socket is gone.
      const shown = leaf && {
        fingerprint: normalizeFingerprint(leaf.fingerprint256),
        facts: factsOf(socket, leaf, stapled),
      };
      settle(() => {
        if (shown) resolve(shown);
        else reject(new Error('no certificate was served'));
      });
    });
  });
}
