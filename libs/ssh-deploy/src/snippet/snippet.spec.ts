import { ownershipOf } from './owned-file';
import type { SnippetParameters } from './parameters';
import { previewFiles } from './preview-snippet';
import { renderSnippet } from './snippet';

const subject = {
  certDir: '/etc/nginx/viw/www.example.org',
  serverNames: ['www.example.org', '*.example.org'],
};
const plain: SnippetParameters = {
  tls: 'intermediate',
  hsts: { max_age_s: 31_536_000, include_subdomains: true, preload: false },
  http01: { from: 'web_root', path: '/var/lib/viw/http-01' },
};

it('renders what a person would write, and the lines that include it', () => {
  const { directory, files, includes } = renderSnippet(plain, subject);
  expect(directory).toBe('/etc/nginx/viw/www.example.org.snippets');
  expect(files['tls.conf']?.split('\n').slice(4)).toEqual([
    'ssl_certificate /etc/nginx/viw/www.example.org/current/fullchain.pem;',
    'ssl_certificate_key /etc/nginx/viw/www.example.org/current/privkey.pem;',
    'ssl_protocols TLSv1.2 TLSv1.3;',
    expect.stringMatching(/^ssl_ciphers (ECDHE-(ECDSA|RSA)-(AES\d+-GCM-SHA\d+|CHACHA20-POLY1305):?){6};$/),
    'ssl_prefer_server_ciphers off;',
    'ssl_session_timeout 1d;',
    'ssl_session_tickets off;',
    'add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;',
    '',
  ]);
  expect(files['http01.conf']?.split('\n').slice(4)).toEqual([
    'location ^~ /.well-known/acme-challenge/ {',
    '    root /var/lib/viw/http-01;',
    '    default_type text/plain;',
    '}',
    '',
  ]);
  expect(includes.map(({ line }) => line)).toEqual([
    `include ${directory}/current/tls.conf;`,
    `include ${directory}/current/http01.conf;`,
  ]);
  const modern = renderSnippet({ tls: 'modern', hsts: null, http01: null }, subject).files;
  expect(Object.keys(modern)).toEqual(['tls.conf']);
  expect(modern['tls.conf']).not.toMatch(/TLSv1\.2|ssl_ciphers|Strict/);
  const responder = { from: 'responder', host: '[2001:db8::1]', port: 5002 } as const;
  expect(renderSnippet({ ...plain, http01: responder }, subject).files['http01.conf']).toContain(
    'proxy_pass http://[2001:db8::1]:5002;',
  );
});

const hostile = [
  'a"; } server { listen 1; #',
  "a'b",
  'a\nssl_protocols SSLv3;',
  'a\r\nb',
  'a;b',
  'a{b}',
  '$host',
  '${host}',
  'a b',
  'a\\b',
  'a#b',
  'a\u0000b',
  'a\u2028b',
  'ä.example',
  '-a.example',
  'a..example',
  '*.*.example',
  '~^(.*)$',
  '',
  `${'a'.repeat(300)}.example`,
];

it.each(hostile)('never lets the server name %j into a configuration', (name) => {
  expect(() => renderSnippet(plain, { ...subject, serverNames: ['a.example', name] })).toThrow(
    /cannot stand in a configuration/,
  );
});

const signs = hostile.filter((text) => /[^A-Za-z0-9.-]/.test(text));

it.each([
  ...signs.map((text) => `/srv/${text}`),
  'relative',
  '/',
  '/etc/../root',
  '/a/./b',
  `/${'a'.repeat(600)}`,
])('nor the path %j', (path) => {
  const refused = expect.objectContaining({ code: 'DEPLOY_REFUSED' }) as Error;
  expect(() => renderSnippet(plain, { ...subject, certDir: path })).toThrow(refused);
  const http01 = { from: 'web_root', path } as const;
  expect(() => renderSnippet({ ...plain, http01 }, subject)).toThrow(refused);
});

it.each([...signs, '', '-a', 'a/b', '[::1', 'a:80'])('nor the host %j', (host) => {
  const http01 = { from: 'responder', host, port: 80 } as const;
  expect(() => renderSnippet({ ...plain, http01 }, subject)).toThrow(/cannot stand in a configuration/);
});

it.each([0, 65_536, 1.5, Number.NaN])('nor the port %d', (port) => {
  const http01 = { from: 'responder', host: '10.0.0.1', port } as const;
  expect(() => renderSnippet({ ...plain, http01 }, subject)).toThrow(/no whole number/);
});

it('knows what it has written itself, and what others have made of it', () => {
  const text = renderSnippet(plain, subject).files['tls.conf'] ?? '';
  expect(ownershipOf(text)).toBe('own');
  expect(ownershipOf(text.replace('TLSv1.2 ', ''))).toBe('changed');
  expect(ownershipOf(`${text}# mine\n`)).toBe('changed');
  expect(ownershipOf('ssl_protocols TLSv1;\n')).toBe('foreign');
  expect(ownershipOf('')).toBe('foreign');
});

it('shows what would change, line by line', () => {
  const before = renderSnippet({ ...plain, hsts: null }, subject);
  const after = renderSnippet({ ...plain, http01: null }, subject);
  const found = { current: 'versions/1', files: before.files, changed: [] };
  const [tls, http01] = previewFiles(after, found);
  expect(tls).toMatchObject({ state: 'differs' });
  const path = `${after.directory}/current/tls.conf`;
  expect(tls?.diff).toContain(`--- ${path}\ton the server\n+++ ${path}\tto be written\n@@ `);
  expect(tls?.diff).toContain('\n+add_header Strict-Transport-Security');
  expect(http01).toMatchObject({ state: 'superfluous' });
  expect(http01?.diff).toContain('+++ /dev/null');
  expect(previewFiles(before, found).map(({ state, diff }) => [state, diff])).toEqual([
    ['same', ''],
    ['same', ''],
  ]);
});
