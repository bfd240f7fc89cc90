import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Program, startProgram } from './child';
import { type NginxSite, renderHttp, renderMain, renderSite } from './nginx-config';
import { freePort } from './ports';
import { requireProgram } from './programs';
import { acceptsTcp, exchange } from './ready';
import { scratch } from './scratch';
import { selfSign } from './self-signed';
import { type Server, launchServer } from './server';
import { barrier, findUser, runsAsRoot } from './unprivileged-user';

export interface NginxOptions {
  dir?: string;
  httpPort?: number;
  httpsPort?: number;
  sites: readonly NginxSite[];
  /** nginx's own error log is `<prefix>/log/error.log`; this takes what it prints before. */
  logFile?: string;
}

export interface Nginx extends Server {
  /** Its folder: nginx.conf, conf.d/, tls/, www/, log/, run/, tmp/. */
  readonly prefix: string;
  readonly confFile: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Files under `<webroot>/.well-known/acme-challenge/` are served at the HTTP port. */
  readonly webroot: string;
  /** Exact argument vector that checks the configuration (`nginx -t`). */
  readonly testCommand: readonly [string, ...string[]];
  /** Exact argument vector that makes the running server load its configuration and certificates anew. */
  readonly reloadCommand: readonly [string, ...string[]];
  /** Certificate folder of the site that has this name. */
  certDir(name: string): string;
  /** Writes `conf.d/<name>` (takes effect at the next reload). */
  writeConf(name: string, text: string): Promise<void>;
}

/**
 * A real nginx on 127.0.0.1: one plain HTTP server for all names, one TLS server per site, each with a self-signed
 * certificate in `<certDir>/self-signed/` that `<certDir>/current` links to (made only where there is no `current`).
 * @throws StartError
 */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const binary = requireProgram('nginx');
  const httpPort = options.httpPort ?? (await freePort());
  const httpsPort = options.httpsPort ?? (await freePort());
  // Its workers read the web root with the rights of another user.
  const folder = await scratch('nginx', { dir: options.dir, mode: 0o755 });
  const prefix = folder.path;
  const confFile = join(prefix, 'nginx.conf');
  const webroot = join(prefix, 'www');
  const sites = options.sites.map(({ names, certDir }) => ({
    names,
    certDir: certDir ?? join(prefix, 'tls', names[0] ?? 'default'),
  }));
  const writeConf = (name: string, text: string) => writeFile(join(prefix, 'conf.d', name), text);

  try {
    for (const name of ['conf.d', 'log', 'run', 'tmp', 'www/.well-known/acme-challenge']) {
      await mkdir(join(prefix, name), { recursive: true, mode: 0o755 });
    }
    for (const site of sites) await initialCertificate(site);
    await writeFile(confFile, renderMain(prefix, workerUser(prefix)));
    await writeConf('00-http.conf', renderHttp({ httpPort, httpsPort }, webroot));
    for (const site of sites)
      await writeConf(`${site.names[0] ?? 'default'}.conf`, renderSite(site, httpsPort));
  } catch (error) {
    await folder.remove();
    throw error;
  }

  const base = ['-p', prefix, '-c', confFile, '-e', join(prefix, 'log', 'error.log')];
  const server = await launchServer(
    () =>
      launchNginx(
        [binary, ...base, '-g', 'daemon off;'],
        { http: httpPort, https: sites.length > 0 ? httpsPort : undefined },
        options,
      ),
    folder.remove,
  );
  return Object.assign(server, {
    prefix,
    confFile,
    httpPort,
    httpsPort,
    webroot,
    testCommand: [binary, '-t', ...base] as const,
    reloadCommand: [binary, '-s', 'reload', ...base] as const,
    certDir: (name: string) => {
      const site = sites.find(({ names }) => names.includes(name));
      if (!site) throw new Error(`no site has the name ${name}`);
      return site.certDir;
    },
    writeConf,
  });
}

function launchNginx(
  argv: [string, ...string[]],
  { http, https }: { http: number; https: number | undefined },
  options: NginxOptions,
): Promise<Program> {
  return startProgram({
    name: 'nginx',
    argv,
    ...(options.logFile !== undefined && { logFile: options.logFile }),
    endsChildren: 'at-kill',
    // A master that is killed leaves its workers serving.
    orphanSignal: 'SIGTERM',
    readyWhen: async () => {
      // An answer comes from a worker; connections are taken before there is one.
      await exchange({ port: http, say: 'HEAD / HTTP/1.0\r\n\r\n' });
      if (https !== undefined) await acceptsTcp(https);
    },
  });
}

async function initialCertificate(site: Required<NginxSite>): Promise<void> {
  const current = join(site.certDir, 'current');
  if (existsSync(current)) return;
  const folder = join(site.certDir, 'self-signed');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const certFile = join(folder, 'fullchain.pem');
  await selfSign({ names: site.names, certFile, keyFile: join(folder, 'privkey.pem') });
  await symlink('self-signed', current);
}

/** Root's nginx drops its workers' rights, as everywhere; where that user cannot reach the web root they stay root. */
function workerUser(prefix: string): { name: string } | undefined {
  if (!runsAsRoot()) return undefined;
  const user = findUser('www-data', 'nginx', 'nobody');
  return user && barrier(prefix, user) === undefined ? user : { name: 'root' };
}
