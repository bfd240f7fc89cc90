import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { spkiPinOf } from '../connection/spki-pin';
import { failed, ok, reasonOf } from './check';
import type { Check } from './check';

export interface TlsCheckOptions {
  readonly host: string;
  readonly port: number;
  readonly ca: string | undefined;
  readonly pins: readonly string[];
  readonly timeoutMs: number;
}

const WARN_DAYS = 14;
const DAY_MS = 86_400_000;

/** By the library's code. */
const advices: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'renew the hub’s certificate; if it is fresh, this host’s clock is wrong',
  CERT_NOT_YET_VALID: 'set this host’s clock',
  ERR_TLS_CERT_ALTNAME_INVALID: 'GATEWAY_AGENT_HUB_URL names a host that the certificate does not',
};
const UNKNOWN_ISSUER =
  'give the agent the issuer: GATEWAY_AGENT_CA_FILE; if it has one, somebody else may be answering in the hub’s place';

/** The certificate as TLS verifies it, and the pin. Nothing is sent to whoever answers. */
export async function tlsChecks(options: TlsCheckOptions): Promise<Check[]> {
  const name = `tls ${options.host}:${options.port}`;
  let socket: TLSSocket;
  try {
    socket = await shakeHands(options);
  } catch (error) {
    return [
      failed(name, reasonOf(error), 'no TLS 1.2 or 1.3 there: is it a hub’s port, or is a proxy in between?'),
    ];
  }
  try {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return [failed(name, 'no certificate is shown', UNKNOWN_ISSUER)];
    const fault = socket.authorizationError as unknown as Error | string | null | undefined;
    const left = Math.floor((Date.parse(certificate.validTo) - Date.now()) / DAY_MS);
    const until = `${left} days left${left < WARN_DAYS ? ', renew it soon' : ''}`;
    const code =
      fault === null || fault === undefined ? undefined : typeof fault === 'string' ? fault : reasonOf(fault);
    const chain =
      code === undefined
        ? ok(name, `${socket.getProtocol()}, certificate accepted, ${until}`)
        : failed(name, code, advices[code] ?? UNKNOWN_ISSUER);
    return [chain, ...pinCheck(options, spkiPinOf(certificate.raw))];
  } finally {
    socket.destroy();
  }
}

function pinCheck({ host, port, pins }: TlsCheckOptions, shown: string): Check[] {
  if (pins.length === 0) return [];
  const name = `pin ${host}:${port}`;
  return pins.includes(shown)
    ? [ok(name, 'the key shown is a pinned one')]
    : [
        failed(
          name,
          `the key shown is ${shown}`,
          'if the hub has a new key, and you know it from elsewhere, put its pin into GATEWAY_AGENT_HUB_PINS',
        ),
      ];
}

function shakeHands({ host, port, ca, timeoutMs }: TlsCheckOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      minVersion: 'TLSv1.2',
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
      // To be able to say what is wrong with it; nothing is sent.
      rejectUnauthorized: false,
    });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')));
    socket.once('secureConnect', () => resolve(socket));
    socket.on('error', reject);
  });
}
