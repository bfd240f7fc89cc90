import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './child';
import { freePort } from './ports';
import { requireProgram } from './programs';
import { acceptsTcp } from './ready';
import { scratch } from './scratch';
import { selfSign } from './self-signed';
import { launchServer, type Server } from './server';

export interface HaproxyOptions {
  /** Names that it answers for by TLS, each with a certificate directory of its own. */
  readonly names: readonly string[];
}

export interface Haproxy extends Server {
  readonly httpsPort: number;
  /** Folder of its `*.cfg` files, which `-f` names. */
  readonly configDir: string;
  /** The master's command line. */
  readonly masterSocket: string;
  certDir(name: string): string;
  /** Writes a file into `configDir` (takes effect at the next reload). */
  writeConf(name: string, text: string): Promise<void>;
}

/**
 * A real HAProxy on 127.0.0.1 with a master process: each name has a self-signed certificate in
 * `<certDir>/self-signed/combined.pem` that `<certDir>/current` links to.
 * @throws StartError
 */
export async function startHaproxy({ names }: HaproxyOptions): Promise<Haproxy> {
  const binary = requireProgram('haproxy');
  const httpsPort = await freePort();
  const folder = await scratch('haproxy', { mode: 0o755 });
  const prefix = folder.path;
  const configDir = join(prefix, 'conf.d');
  // A socket's path is at most 107 bytes long.
  const masterSocket = join(prefix, 'master.sock');
  const certDir = (name: string): string => join(prefix, 'tls', name);
  const writeConf = (name: string, text: string) => writeFile(join(configDir, name), text);
  try {
    await mkdir(configDir);
    for (const name of names) await initialCertificate(name, certDir(name));
    await writeConf(
      '10-main.cfg',
      `defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s

frontend tls
    bind 127.0.0.1:${httpsPort} ssl ${names.map((name) => `crt ${certDir(name)}/current/`).join(' ')}
    http-request return status 200 content-type text/plain string "haproxy"
`,
    );
  } catch (error) {
    await folder.remove();
    throw error;
  }
  const server = await launchServer(
    () =>
      startProgram({
        name: 'haproxy',
        argv: [binary, '-W', '-S', `${masterSocket},mode,600`, '-f', configDir],
        endsChildren: 'at-kill-and-stop',
        orphanSignal: 'SIGTERM',
        readyWhen: () => acceptsTcp(httpsPort),
      }),
    folder.remove,
  );
  return Object.assign(server, { httpsPort, configDir, masterSocket, certDir, writeConf });
}

async function initialCertificate(name: string, certDir: string): Promise<void> {
  if (existsSync(join(certDir, 'current'))) return;
  const folder = join(certDir, 'self-signed');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const [certFile, keyFile] = [join(certDir, '.cert'), join(certDir, '.key')];
  await selfSign({ names: [name], certFile, keyFile });
  await writeFile(
    join(folder, 'combined.pem'),
    (await readFile(keyFile, 'utf8')) + (await readFile(certFile, 'utf8')),
  );
  await symlink('self-signed', join(certDir, 'current'));
}
