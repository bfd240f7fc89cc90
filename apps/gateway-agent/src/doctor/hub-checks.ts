import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { askHub } from './ask-hub';
import { failed, ok, reasonOf } from './check';
import type { Check } from './check';
import { clockCheck } from './clock-check';
import { tlsChecks } from './tls-checks';

export interface HubCheckOptions {
  readonly ca: string | undefined;
  readonly pins: readonly string[];
  /** The agent shows one; doctor does not. */
  readonly hasClientCertificate: boolean;
}

const TIMEOUT_MS = 5_000;

/** The way to one hub, step by step; behind a step that failed nothing can be said. */
export async function hubChecks(href: string, options: HubCheckOptions): Promise<Check[]> {
  const url = new URL(href);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = url.protocol === 'wss:';
  const port = Number(url.port || (secure ? 443 : 80));
  const checks = [await dnsCheck(host)];
  const goOn = (): boolean => checks.every((check) => check.ok);
  if (goOn()) checks.push(await tcpCheck(host, port));
  if (goOn() && secure) checks.push(...(await tlsChecks({ host, port, timeoutMs: TIMEOUT_MS, ...options })));
  if (goOn()) checks.push(...(await answerChecks(url, options)));
  return checks;
}

async function dnsCheck(host: string): Promise<Check> {
  const name = `dns ${host}`;
  if (isIP(host) !== 0) return ok(name, 'an address, no name to look up');
  try {
    const addresses = await lookup(host, { all: true });
    return ok(name, addresses.map(({ address }) => address).join(', '));
  } catch (error) {
    const advice = 'look at /etc/resolv.conf and at the host name in GATEWAY_AGENT_HUB_URL';
    return failed(name, reasonOf(error), advice);
  }
}

function tcpCheck(host: string, port: number): Promise<Check> {
  const name = `tcp ${host}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (check: Check): void => {
      socket.destroy();
      resolve(check);
    };
    const advice =
      'is the hub up, and does a firewall let this host out to it? Only this outbound connection is needed';
    socket.setTimeout(TIMEOUT_MS, () => end(failed(name, 'no answer in time', advice)));
    socket.on('connect', () => end(ok(name, 'open')));
    socket.on('error', (error) => end(failed(name, reasonOf(error), advice)));
  });
}

/** What NGINX answers to whoever shows no client certificate where it insists on one. */
const CERTIFICATE_WANTED: ReadonlySet<number> = new Set([400, 495, 496]);

async function answerChecks(url: URL, { ca, hasClientCertificate }: HubCheckOptions): Promise<Check[]> {
  const name = `hub ${url.host}`;
  try {
    const { refusal, askedAt, answeredAt } = await askHub(url, { ca, timeoutMs: TIMEOUT_MS });
    const { status, code, serverTime } = refusal;
    if (code === undefined && hasClientCertificate && CERTIFICATE_WANTED.has(status))
      return [ok(name, `HTTP ${status}: it insists on the client certificate, which doctor does not show`)];
    if (code === undefined)
      return [
        failed(
          name,
          `HTTP ${status}, not from a hub`,
          'the path of GATEWAY_AGENT_HUB_URL, or the proxy in front of the hubs, is wrong',
        ),
      ];
    if (code === 'BUSY')
      return [
        failed(
          name,
          `answers, but admits nobody: ${refusal.msg ?? ''}`,
          'see the readyz of the hub; it passes by itself when the hub is only full',
        ),
      ];
    return [ok(name, 'answers'), clockCheck(serverTime ?? '', askedAt, answeredAt)];
  } catch (error) {
    return [
      failed(
        name,
        reasonOf(error),
        'the connection opens, but no hub answers: look at its log, and at what lies between',
      ),
    ];
  }
}
