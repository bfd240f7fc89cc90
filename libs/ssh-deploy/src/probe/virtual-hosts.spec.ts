import { virtualHostsOf } from './virtual-hosts';

const dump = `nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
# configuration file /etc/nginx/nginx.conf:
user www-data; # the "workers"
events { worker_connections 768; }
stream {
    server { listen 5432; proxy_pass db; }
    include /etc/nginx/stream.d/*.conf;
}
http {
    log_format main '$remote_addr - "$request" {not; a block}';
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    ssl_certificate /etc/ssl/common.pem;
    upstream backend { server 10.0.0.1:80 weight=5; }
    include conf.d/*.conf;
    include /etc/nginx/sites-enabled/*;
}

# configuration file /etc/nginx/stream.d/dns.conf:
server { listen 53; }

# configuration file /etc/nginx/conf.d/www.conf:
server {
    listen 443 ssl http2;
    listen [::]:443 ssl;
    listen unix:/run/nginx.sock;
    server_name www.example.org
                example.org "quoted.example.org";
    include snippets/tls.conf;
    location ~ \\.php$ { add_header X-Note 'it''s'; return 200 "}"; }
}
server { server_name plain.example.org; }

# configuration file /etc/nginx/snippets/tls.conf:
ssl_certificate     /etc/viw/www/current/fullchain.pem;
ssl_certificate_key /etc/viw/www/current/privkey.pem;

# configuration file /etc/nginx/sites-enabled/inner:
server { listen 127.0.0.1:8443 ssl; listen localhost; server_name *.inner.example; }
`;

it('finds what HTTP serves: names, addresses, certificates, through every include', () => {
  expect(virtualHostsOf(dump)).toEqual({
    complete: true,
    hosts: [
      {
        server_names: ['www.example.org', 'example.org', 'quoted.example.org'],
        listens: [
          { address: '*', port: 443, tls: true },
          { address: '::', port: 443, tls: true },
        ],
        certificates: ['/etc/viw/www/current/fullchain.pem'],
      },
      {
        server_names: ['plain.example.org'],
        listens: [{ address: '*', port: 80, tls: false }],
        certificates: ['/etc/ssl/common.pem'],
      },
      {
        server_names: ['*.inner.example'],
        listens: [
          { address: '127.0.0.1', port: 8443, tls: true },
          { address: 'localhost', port: 80, tls: false },
        ],
        certificates: ['/etc/ssl/common.pem'],
      },
    ],
  });
});

it.each([
  '',
  'nginx: not found',
  '# configuration file /a:\nhttp { server { listen',
  '}}}}',
  '# configuration file /a:\n"{',
])('makes nothing up of %j', (text) => {
  for (const { server_names } of virtualHostsOf(text).hosts) expect(server_names).toEqual([]);
});
