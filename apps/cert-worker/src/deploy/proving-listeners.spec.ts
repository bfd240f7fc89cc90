import { provingListeners } from './proving-listeners';

test('every name on every listener; a wildcard by a name that it covers', () => {
  const found = provingListeners({
    listeners: [
      { host: '127.0.0.1', port: 443 },
      { host: '::1', port: 8443 },
    ],
    server_names: ['example.org', '*.example.org'],
  });
  expect(found.map(({ host, port, servername }) => `${host} ${port} ${servername}`)).toEqual([
    '127.0.0.1 443 example.org',
    '127.0.0.1 443 viw-proof.example.org',
    '::1 8443 example.org',
    '::1 8443 viw-proof.example.org',
  ]);
});
