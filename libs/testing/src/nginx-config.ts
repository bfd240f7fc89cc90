import type { SystemUser } from './unprivileged-user';

export interface NginxSite {
  /** `server_name`s. */
  names: readonly string[];
  /** Absolute; `<prefix>/tls/<first name>` by default. Holds `current/fullchain.pem` and `current/privkey.pem`. */
  certDir?: string;
}

/** The main file, as an administrator would write it. Worker processes run as `user` (only root may say so). */
export function renderMain(prefix: string, user: Pick<SystemUser, 'name'> | undefined): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${user ? `user ${user.name};\n` : ''}worker_processes 1;
pid ${prefix}/run/nginx.pid;
error_log ${prefix}/log/error.log info;

events {
    worker_connections 512;
}

http {
    access_log ${prefix}/log/access.log;
    default_type text/plain;
    server_tokens off;
${temporary.map((name) => `    ${name}_temp_path ${prefix}/tmp/${name};\n`).join('')}
    include ${prefix}/conf.d/*.conf;
}
`;
}

/** Plain HTTP for all names: ACME answers from the web root, everything else goes to HTTPS. */
export function renderHttp(ports: { httpPort: number; httpsPort: number }, webroot: string): string {
  return `server {
    listen 127.0.0.1:${ports.httpPort} default_server;
    server_name _;

    location /.well-known/acme-challenge/ {
        root ${webroot};
    }
    location / {
        return 301 https://$host:${ports.httpsPort}$request_uri;
    }
}
`;
}

export function renderSite(site: Required<NginxSite>, httpsPort: number): string {
  return `server {
    listen 127.0.0.1:${httpsPort} ssl;
    server_name ${site.names.join(' ')};

    ssl_certificate     ${site.certDir}/current/fullchain.pem;
    ssl_certificate_key ${site.certDir}/current/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;

    location / {
        return 200 "$host\\n";
    }
}
`;
}
