import { loadConfig } from '@viw/runtime';
import { completeConfig, configSource } from './config';

const complete = {
  CERT_WORKER_REDIS_URL: 'redis://127.0.0.1:6379',
  CERT_WORKER_DATABASE_URL: 'postgresql://127.0.0.1/viw',
  CERT_WORKER_ENCRYPTION_KEY: JSON.stringify({ id: 'k1', key: Buffer.alloc(32, 7).toString('base64') }),
  CERT_WORKER_ACME_DIRECTORY_URL: 'https://ca.example/directory',
};
const load = (env: Record<string, string>) => loadConfig({ ...configSource, env, argv: [] }).value;

it('is off and on loopback unless told otherwise', () => {
  expect(load({})).toMatchObject({
    CERT_WORKER_ENABLED: false,
    CERT_WORKER_OPS_BIND: { host: '127.0.0.1', port: 8085 },
    CERT_WORKER_HTTP01_BIND: { host: '127.0.0.1', port: 8089 },
    CERT_WORKER_ACME_TERMS_AGREED: true,
  });
});

it('reads the key as the backend writes it', () => {
  expect(completeConfig(load(complete)).CERT_WORKER_ENCRYPTION_KEY).toEqual([
    { id: 'k1', key: Buffer.alloc(32, 7) },
  ]);
});

it.each(Object.keys(complete))('does not run without %s', (name) => {
  const env = Object.fromEntries(Object.entries(complete).filter(([key]) => key !== name));
  expect(() => completeConfig(load(env))).toThrow(`needed (or each with _FILE): ${name}`);
});

it.each([
  ['CERT_WORKER_ACME_DIRECTORY_URL', 'http://ca.example/directory'],
  ['CERT_WORKER_ACME_CONTACT', 'ops@example.org'],
  ['CERT_WORKER_ACME_CA', '/etc/ca.pem'],
  ['CERT_WORKER_RFC2136_KEY', 'hmac-md5:viw:c2VjcmV0c2VjcmV0c2VjcmV0'],
  ['CERT_WORKER_ENCRYPTION_KEY', '{"id":"k1","key":"short, and long enough to be looked at"}'],
])('refuses %s=%s', (name, value) => {
  expect(() => load({ ...complete, [name]: value })).toThrow(name);
});

it('takes a name server and its key together, and keeps the key to itself', () => {
  const server = { CERT_WORKER_RFC2136_SERVER: '192.0.2.1:53' };
  const secret = 'c2VjcmV0c2VjcmV0c2VjcmV0';
  expect(() => completeConfig(load({ ...complete, ...server }))).toThrow('go together');
  const { CERT_WORKER_RFC2136_KEY: key } = completeConfig(
    load({ ...complete, ...server, CERT_WORKER_RFC2136_KEY: `viw:${secret}` }),
  );
  expect(key).toMatchObject({ algorithm: 'hmac-sha256', name: 'viw' });
  expect(() => load({ CERT_WORKER_RFC2136_KEY: `not a name:${secret}` })).not.toThrow(secret);
});
