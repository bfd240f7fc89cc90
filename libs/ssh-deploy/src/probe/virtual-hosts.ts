import { wholeConfig, type Directive } from './nginx-config';

/** A `server` block of the HTTP part of an NGINX configuration. */
export interface FoundVirtualHost {
  server_names: string[];
  listens: { address: string; port: number; tls: boolean }[];
  /** Files of `ssl_certificate` in force; more than one for several key types. */
  certificates: string[];
}

/** Virtual hosts as `nginx -T` tells of them. Reads names, addresses and paths; everything else is dropped. */
export function virtualHostsOf(dump: string): FoundVirtualHost[] {
  const http = wholeConfig(dump)
    .filter(({ name }) => name === 'http')
    .flatMap(({ block = [] }) => block);
  const inherited = valuesOf(http, 'ssl_certificate');
  return http
    .filter(({ name, block }) => name === 'server' && block !== undefined)
    .map(({ block = [] }) => {
      const own = valuesOf(block, 'ssl_certificate');
      const listens = block.filter(({ name }) => name === 'listen').flatMap(({ args }) => listenOf(args));
      return {
        server_names: block.filter(({ name }) => name === 'server_name').flatMap(({ args }) => args),
        listens: listens.length > 0 ? listens : [{ address: '*', port: 80, tls: false }],
        certificates: own.length > 0 ? own : inherited,
      };
    });
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
  return [{ address, port, tls: flags.includes('ssl') || flags.includes('quic') }];
}
