import { wholeConfig, type Directive } from './nginx-config';

/** A `server` block of the HTTP part of an NGINX configuration. */
export interface FoundVirtualHost {
  server_names: string[];
  listens: { address: string; port: number; tls: boolean }[];
  /** Files of `ssl_certificate` in force; more than one for several key types. */
  certificates: string[];
}

export interface FoundVirtualHosts {
  readonly hosts: FoundVirtualHost[];
  /** False: there was more than is read of one server. */
  readonly complete: boolean;
}

const MAX_HOSTS = 500;
/** Of one host; for certificates, NGINX itself takes one for each key type. */
const MAX_CERTIFICATES = 8;

/**
 * Virtual hosts as `nginx -T` tells of them. Reads names, addresses and paths; everything else is dropped. The dump may
 * be made to take long or to grow: what is beyond the limits is not read.
 */
export function virtualHostsOf(dump: string): FoundVirtualHosts {
  const { directives, complete } = wholeConfig(dump);
  const http = directives.filter(({ name }) => name === 'http').flatMap(({ block = [] }) => block);
  const inherited = valuesOf(http, 'ssl_certificate').slice(0, MAX_CERTIFICATES);
  const servers = http.filter(({ name, block }) => name === 'server' && block !== undefined);
  const hosts = servers.slice(0, MAX_HOSTS).map(({ block = [] }) => {
    const own = valuesOf(block, 'ssl_certificate').slice(0, MAX_CERTIFICATES);
    const listens = block.filter(({ name }) => name === 'listen').flatMap(({ args }) => listenOf(args));
    return {
      server_names: block.filter(({ name }) => name === 'server_name').flatMap(({ args }) => args),
      listens: listens.length > 0 ? listens : [{ address: '*', port: 80, tls: false }],
      certificates: own.length > 0 ? own : inherited,
    };
  });
  return { hosts, complete: complete && servers.length <= MAX_HOSTS };
}

const valuesOf = (directives: readonly Directive[], wanted: string): string[] =>
  directives.flatMap(({ name, args: [value] }) => (name === wanted && value !== undefined ? [value] : []));

/** `443`, `*:443`, `127.0.0.1:443`, `[::]:443`, `localhost`; a Unix socket is no address that a client asks. */
function listenOf([where = '', ...flags]: readonly string[]): FoundVirtualHost['listens'] {
  if (where.startsWith('unix:')) return [];
  const [, v6, host, tail] = /^(?:(\[[^\]]*\])|([^:]*?))(?::(\d+))?$/.exec(where) ?? [];
  const onlyPort = v6 === undefined && tail === undefined && /^\d+$/.test(host ?? '');
  const port = Number(onlyPort ? host : (tail ?? 80));
  const address = onlyPort ? '*' : (v6?.slice(1, -1) ?? host ?? '*');
  if (port > 65_535) return [];
  return [{ address, port, tls: flags.includes('ssl') || flags.includes('quic') }];
}
