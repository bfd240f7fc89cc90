import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { type Pebble, findProgram, runTool } from '@viw/testing';

export const clientNames = ['certbot', 'lego'] as const;
export type ClientName = (typeof clientNames)[number];

/** A widely used ACME client as an administrator runs it, with an account that it has registered before. */
export interface CommandLineClient {
  readonly name: ClientName;
  readonly version: string;
  /** Process from its start to its end; its own responder at `port`. @throws Error when the certificate is not there */
  issue(name: string, port: number): Promise<void>;
}

export const isInstalled = (name: ClientName): boolean => findProgram(name) !== undefined;

/** Registers its account. @param dir for everything that it keeps */
export function commandLineClient(
  name: ClientName,
  options: { readonly pebble: Pebble; readonly dir: string; readonly port: number },
): Promise<CommandLineClient> {
  return name === 'certbot' ? certbot(options) : lego(options);
}

interface Options {
  readonly pebble: Pebble;
  readonly dir: string;
  readonly port: number;
}

async function certbot({ pebble, dir }: Options): Promise<CommandLineClient> {
  const env = { REQUESTS_CA_BUNDLE: pebble.caCertFile };
  const folders = ['config', 'work', 'logs'].flatMap((part) => [`--${part}-dir`, join(dir, part)]);
  const common = ['--non-interactive', '--server', pebble.directoryUrl, ...folders];
  const agreed = ['--agree-tos', '--register-unsafely-without-email'];
  const run = (args: readonly string[]): Promise<string> => runTool('certbot', args, { env });
  await run(['register', ...common, ...agreed]);
  return {
    name: 'certbot',
    version: (await run(['--version'])).trim(),
    issue: async (domain, port) => {
      const how = ['--standalone', '--http-01-address', '127.0.0.1', '--http-01-port', String(port)];
      await run(['certonly', ...common, ...how, '--key-type', 'ecdsa', '-d', domain]);
      await expectCertificate(join(dir, 'config', 'live', domain, 'fullchain.pem'), domain);
    },
  };
}

async function lego({ pebble, dir, port: first }: Options): Promise<CommandLineClient> {
  const env = { LEGO_CA_CERTIFICATES: pebble.caCertFile };
  const run = (args: readonly string[]): Promise<string> => runTool('lego', args, { env });
  const issue = async (domain: string, port: number): Promise<void> => {
    const who = ['--server', pebble.directoryUrl, '--email', 'ops@bench.example', '--accept-tos'];
    const how = ['--path', dir, '--key-type', 'ec256', '--http', '--http.port', `127.0.0.1:${port}`];
    await run([...who, ...how, '--domains', domain, 'run']);
    await expectCertificate(join(dir, 'certificates', `${domain}.crt`), domain);
  };
  // It registers with its first certificate only.
  await issue('first.bench.example', first);
  return { name: 'lego', version: (await run(['--version'])).trim(), issue };
}

async function expectCertificate(file: string, domain: string): Promise<void> {
  const leaf = new X509Certificate(await readFile(file, 'utf8'));
  if (leaf.subjectAltName !== `DNS:${domain}`) throw new Error(`${file} is for ${leaf.subjectAltName}`);
}
