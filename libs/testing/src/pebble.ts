import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { startChallengeServer } from './challtestsrv';
import { type Program, startProgram } from './child';
import { freePort } from './ports';
import { requireProgram } from './programs';
import { scratch } from './scratch';
import { selfSign } from './self-signed';
import { type Server, launchServer } from './server';

export interface PebbleOptions {
  dir?: string;
  /** Of the ACME directory. */
  port?: number;
  /** Where Pebble fetches HTTP-01 answers (port 80 in the world). Free by default: an HTTP-01 validation is then refused. */
  httpPort?: number;
  /** Where it validates TLS-ALPN-01 (port 443 in the world). */
  tlsPort?: number;
  /** host:port that it asks instead of its own challenge server. */
  dnsResolver?: string;
  /** Of issued certificates; 7 776 000 (90 days) by default. */
  certificateValiditySeconds?: number;
  /** Share of good nonces that are refused with `badNonce`, in percent; 5 by default, as in Pebble itself. */
  nonceRejectPercent?: number;
  /** Share of valid authorisations that a new order re-uses, in percent; 0 by default: every order is validated. */
  authzReusePercent?: number;
  /** Number of alternate chains; 0 by default. */
  alternateRoots?: number;
  /** Certificates in the chain above the leaf, the root included; 2 by default. */
  chainLength?: number;
  /** Refuses what future versions of the API will refuse. */
  strict?: boolean;
  /** Key id → base64url MAC key; given: accounts need an external account binding. */
  externalAccountKeys?: Readonly<Record<string, string>>;
  /** Names (and their subdomains) that it refuses to issue for, with `rejectedIdentifier`. */
  blockedDomains?: readonly string[];
  logFile?: string;
}

export interface Pebble extends Server {
  readonly port: number;
  /** ACME directory (RFC 8555 §7.1.1), over HTTPS. */
  readonly directoryUrl: string;
  /** Trust anchor of Pebble's own HTTPS; for `ca` or NODE_EXTRA_CA_CERTS (then as `caCertFile`). */
  readonly caCertPem: string;
  readonly caCertFile: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Management interface of the challenge server: DNS records and what was asked. */
  readonly challtestsrvUrl: string;
  readonly challtestsrv: Program;
  /** Root of the certificates that it issues, as PEM; new after every restart. `chain` > 0: of an alternate chain. */
  rootPem(chain?: number): Promise<string>;
}

/**
 * Pebble, the ACME test CA, with validation switched on, and its DNS stand-in. It keeps everything in memory: a restart
 * forgets accounts, orders and keys.
 * @throws StartError
 */
export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  const binary = requireProgram('pebble');
  const port = options.port ?? (await freePort());
  const managementPort = await freePort();
  const httpPort = options.httpPort ?? (await freePort());
  const tlsPort = options.tlsPort ?? (await freePort());
  const folder = await scratch('pebble', { dir: options.dir });
  const certFile = join(folder.path, 'https.pem');
  const keyFile = join(folder.path, 'https-key.pem');
  const confFile = join(folder.path, 'pebble.json');
  await selfSign({ names: ['localhost', '127.0.0.1'], certFile, keyFile });
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: certFile,
    privateKey: keyFile,
    httpPort,
    tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: options.externalAccountKeys !== undefined,
    externalAccountMACKeys: options.externalAccountKeys ?? {},
    domainBlocklist: options.blockedDomains ?? [],
    certificateValidityPeriod: options.certificateValiditySeconds ?? 7_776_000,
  };
  await writeFile(confFile, JSON.stringify({ pebble }, undefined, 2), { mode: 0o600 });
  const caCertPem = await readFile(certFile, 'utf8');

  const log = options.logFile === undefined ? {} : { logFile: options.logFile };
  const names = await startChallengeServer(log);
  const cleanUp = async () => {
    await names.program.stop();
    await folder.remove();
  };
  const launch = () =>
    startProgram({
      name: 'pebble',
      argv: [
        binary,
        ...['-config', confFile, '-dnsserver', options.dnsResolver ?? names.dns],
        ...(options.strict ? ['-strict'] : []),
      ],
      env: environment(options),
      cwd: folder.path,
      ...log,
      readyWhen: async () => {
        await getText(`https://127.0.0.1:${port}/dir`, caCertPem, 2_000);
        await getText(`https://127.0.0.1:${managementPort}/roots/0`, caCertPem, 2_000);
      },
    });
  const server = await launchServer(launch, cleanUp);
  return Object.assign(server, {
    port,
    directoryUrl: `https://127.0.0.1:${port}/dir`,
    caCertPem,
    caCertFile: certFile,
    httpPort,
    tlsPort,
    challtestsrvUrl: names.url,
    challtestsrv: names.program,
    rootPem: (chain = 0) => getText(`https://127.0.0.1:${managementPort}/roots/${chain}`, caCertPem),
  });
}

function environment(options: PebbleOptions): Record<string, string> {
  return {
    PEBBLE_VA_NOSLEEP: '1',
    PEBBLE_WFE_NONCEREJECT: String(options.nonceRejectPercent ?? 5),
    PEBBLE_AUTHZREUSE: String(options.authzReusePercent ?? 0),
    ...(options.alternateRoots !== undefined && { PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots) }),
    ...(options.chainLength !== undefined && { PEBBLE_CHAIN_LENGTH: String(options.chainLength) }),
  };
}

function getText(url: string, ca: string, silenceMs = 30_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(url, { ca, agent: false, timeout: silenceMs }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${url} answers ${response.statusCode}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`${url} is silent`)));
    call.on('error', reject);
    call.end();
  });
}
