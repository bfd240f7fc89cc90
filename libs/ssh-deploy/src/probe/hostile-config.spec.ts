import { globMatches } from './glob';
import { parseNginxConfig } from './nginx-config';
import { virtualHostsOf } from './virtual-hosts';

const MAIN = '# configuration file /etc/nginx/nginx.conf:\n';
const BYTES = 1024 * 1024;
const filled = (piece: string): string => piece.repeat(BYTES / piece.length);
const files = (names: (index: number) => string, text: string, count: number): string =>
  Array.from({ length: count }, (_, index) => `# configuration file ${names(index)}:\n${text}\n`).join('');
const [half, quarter] = ['x'.repeat(BYTES / 2), 'x'.repeat(BYTES / 4)];

/** Each of these took minutes, the whole memory or the process, or grows with the square of its length. */
it.each([
  ['variables without an end', MAIN + filled('${')],
  ['strings without an end', MAIN + filled('"\\"')],
  ['blocks without an end', MAIN + filled('a{')],
  ['blocks that nothing has opened', MAIN + filled('}')],
  ['a file that includes itself', MAIN + 'include nginx.conf;\n'.repeat(50_000)],
  [
    'files that include each other',
    MAIN + 'include *;\n' + files((index) => `/etc/nginx/${index}`, 'include *;\ninclude ?;', 20_000),
  ],
  ['classes', `${MAIN}include ${'['.repeat(BYTES / 2)};`],
  ['stars', `# configuration file /etc/nginx/${'a'.repeat(6_000)}:\ninclude ${'*a'.repeat(3_000)}b;`],
  [
    'many patterns for many files',
    MAIN +
      Array.from({ length: 20_000 }, (_, index) => `include *a*${index};\n`).join('') +
      files((index) => `/etc/nginx/${'a'.repeat(20)}${index}`, '', 10_000),
  ],
  [
    'a long value in many hosts',
    `${MAIN}http {${'server{include n;}'.repeat(20_000)}}\n# configuration file /etc/nginx/n:\nserver_name ${half};`,
  ],
  [
    'a long value that all inherit',
    `${MAIN}http { ssl_certificate ${quarter}; ${'server{}'.repeat(60_000)}}`,
  ],
])('%s: is read soon, and does not grow', (_name, dump) => {
  const begin = performance.now();
  const { hosts } = virtualHostsOf(dump);
  expect(performance.now() - begin).toBeLessThan(30_000);
  expect(hosts.length).toBeLessThanOrEqual(500);
});

it('tells that something is left out', () => {
  const include = MAIN + 'http {' + 'include n;'.repeat(1_000);
  const dump = (text: string) => `${include}}\n# configuration file /etc/nginx/n:\n${text}`;
  expect(virtualHostsOf(dump('server {}'))).toMatchObject({ complete: false, hosts: { length: 500 } });
  expect(virtualHostsOf(dump(`log_format x ${'y'.repeat(10_000)};`)).complete).toBe(false);
  expect(virtualHostsOf(dump(`log_format x y;`)).complete).toBe(true);
});

it.each([
  ['/a/*.conf', '/a/b.conf', true],
  ['/a/*.conf', '/a/b/c.conf', false],
  ['/a/*', '/a/', true],
  ['/a/b', '/a/bc', false],
  ['/a/?b*c**d', '/a/xbcbcd', true],
  ['/a/*ab*ab', '/a/ab', false],
  ['/a/*ab*ab', '/a/abab', true],
  ['/*/x', '/a/x', true],
  ['/a/a*a', '/a/a', false],
  ['/a/[b].conf', '/a/b.conf', true],
  ['/a/[a-c]*[!0-9]', '/a/bx', true],
  ['/a/[a-c]*[!0-9]', '/a/b1', false],
  ['/a/[a-c]', '/a/d', false],
  ['/a/[b', '/a/[b', true],
])('%s for %s: %s', (glob, path, matches) => {
  expect(globMatches(glob, path)).toBe(matches);
});

it.each([
  ['a ${b}c d{e;}', [{ name: 'a', args: ['${b}c', 'd'], block: [{ name: 'e', args: [] }] }]],
  [
    'a "b;c" \'d{\' e\\;f; # g;\nh;',
    [
      { name: 'a', args: ['b;c', 'd{', 'e\\;f'] },
      { name: 'h', args: [] },
    ],
  ],
  ['a ${b; c}', [{ name: 'a', args: ['${b; c}'] }]],
  ['} a; b', [{ name: 'a', args: [] }]],
])('reads %j', (text, directives) => {
  expect(parseNginxConfig(`${text};`).slice(0, directives.length)).toEqual(directives);
});
