import { randomBytes } from 'node:crypto';
import { generateSigningKey } from '@viw/commands';
import { loadConfig } from '@viw/runtime';
import { completeConfig, configSource, migrationUrl } from './config';

const load = (env: Record<string, string>) =>
  loadConfig({ ...configSource, env, argv: [], configDir: '/nonexistent' }).value;
const key = (id: string) => ({ id, key: randomBytes(32).toString('base64') });

describe('configuration', () => {
  it('is off, local and secure without any', () => {
    expect(load({})).toMatchObject({
      BACKEND_ENABLED: false,
      BACKEND_BIND: { host: '127.0.0.1', port: 8080 },
      BACKEND_OPS_BIND: { host: '127.0.0.1', port: 8081 },
      BACKEND_COOKIE_SECURE: true,
      BACKEND_AUDIT_RETENTION_DAYS: 400,
    });
  });

  it('lets no stream keep what was read for as long as writers keep what came of it at least', () => {
    const days = (n: number) => load({ BACKEND_STREAM_RETENTION_S: String(n * 86_400) });
    expect(days(30).BACKEND_STREAM_RETENTION_S).toBe(2_592_000);
    expect(() => days(31)).toThrow('BACKEND_STREAM_RETENTION_S');
  });

  it('keeps lines of the audit log for thirty days at least, or for good', () => {
    expect(load({ BACKEND_AUDIT_RETENTION_DAYS: '0' }).BACKEND_AUDIT_RETENTION_DAYS).toBe(0);
    expect(load({ BACKEND_AUDIT_RETENTION_DAYS: '30' }).BACKEND_AUDIT_RETENTION_DAYS).toBe(30);
    for (const days of ['1', '29', '-1', 'never'])
      expect(() => load({ BACKEND_AUDIT_RETENTION_DAYS: days })).toThrow('BACKEND_AUDIT_RETENTION_DAYS');
  });

  it('names everything that an enabled backend misses', () => {
    expect(() => completeConfig(load({ BACKEND_ENABLED: 'true' }))).toThrow(
      'needed (or each with _FILE): BACKEND_DATABASE_URL, BACKEND_REDIS_URL, BACKEND_ENCRYPTION_KEY',
    );
    expect(() => migrationUrl(load({}))).toThrow('BACKEND_MIGRATION_DATABASE_URL');
  });

  it('refuses half an identity provider, and one that would send a secure cookie by plain HTTP', () => {
    const needed = {
      BACKEND_DATABASE_URL: 'postgresql://nobody@127.0.0.1/none',
      BACKEND_REDIS_URL: 'redis://127.0.0.1:1',
      BACKEND_ENCRYPTION_KEY: JSON.stringify(key('one')),
    };
    const complete = (more: Record<string, string>) => () => completeConfig(load({ ...needed, ...more }));
    const issuer = { BACKEND_OIDC_ISSUER: 'https://login.example.org/realms/staff' };
    expect(complete(issuer)).toThrow(
      'needed as well: BACKEND_OIDC_CLIENT_ID, BACKEND_OIDC_CLIENT_SECRET, BACKEND_PUBLIC_URL',
    );
    expect(complete({ BACKEND_OIDC_CLIENT_SECRET: 'long enough' })).toThrow('BACKEND_OIDC_ISSUER');
    const all = { ...issuer, BACKEND_OIDC_CLIENT_ID: 'viw', BACKEND_OIDC_CLIENT_SECRET: 'long enough' };
    expect(complete({ ...all, BACKEND_PUBLIC_URL: 'http://viw.example.org' })).toThrow('BACKEND_PUBLIC_URL');
    expect(complete({ ...all, BACKEND_PUBLIC_URL: 'https://viw.example.org/' })()).toMatchObject({
      BACKEND_PUBLIC_URL: 'https://viw.example.org',
    });
    expect(() => load({ BACKEND_OIDC_ISSUER: 'http://login.example.org' })).toThrow('BACKEND_OIDC_ISSUER');
  });

  it('a listener that gets its certificate itself needs names; a directory as well, where a CA issues it', () => {
    const enough = {
      BACKEND_ENABLED: 'true',
      BACKEND_DATABASE_URL: 'postgres://x',
      BACKEND_REDIS_URL: 'redis://x',
      BACKEND_ENCRYPTION_KEY: JSON.stringify(key('one')),
    };
    const complete = (more: Record<string, string>) => () => completeConfig(load({ ...enough, ...more }));
    const names = { BACKEND_TLS_NAMES: 'API.example.org, 192.0.2.1,api.example.org,2001:db8::1' };
    expect(complete({ BACKEND_TLS_MODE: 'ca', ...names })().BACKEND_TLS_NAMES).toEqual([
      ...['api.example.org', '192.0.2.1', '2001:db8::1'],
    ]);
    expect(complete({ BACKEND_TLS_MODE: 'ca' })).toThrow('BACKEND_TLS_NAMES');
    expect(complete({ BACKEND_TLS_MODE: 'acme', ...names })).toThrow('BACKEND_TLS_ACME_DIRECTORY_URL');
    for (const wrong of ['*.example.org', 'under_score.example.org', 'https://example.org'])
      expect(() => load({ BACKEND_TLS_NAMES: wrong })).toThrow('BACKEND_TLS_NAMES');
    expect(complete({ BACKEND_TLS_ACME_EAB_KID: 'kid' })).toThrow('BACKEND_TLS_ACME_EAB_KEY');
  });

  it('takes one encryption key, or several of which the first seals', () => {
    const [one, two] = [key('one'), key('two')];
    const ids = (value: unknown) =>
      load({ BACKEND_ENCRYPTION_KEY: JSON.stringify(value) }).BACKEND_ENCRYPTION_KEY?.map(({ id }) => id);
    expect(ids(one)).toEqual(['one']);
    expect(ids([two, one])).toEqual(['two', 'one']);
  });

  it('takes a signing key as a JWK and drops what else it says', async () => {
    const { privateKey } = await generateSigningKey();
    const text = JSON.stringify({ ...privateKey, alg: 'EdDSA', use: 'sig' });
    expect(load({ BACKEND_COMMAND_SIGNING_KEY: text }).BACKEND_COMMAND_SIGNING_KEY).toEqual(privateKey);
  });

  it.each([
    ['BACKEND_ENCRYPTION_KEY', JSON.stringify({ id: 'short', key: randomBytes(31).toString('base64') })],
    ['BACKEND_ENCRYPTION_KEY', 'planted-canary-that-is-no-json-but-long-enough-for-a-key'],
    [
      'BACKEND_COMMAND_SIGNING_KEY',
      JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x: 'planted-canary'.repeat(3) }),
    ],
  ])('refuses a wrong %s without showing it', (name, value) => {
    let message = '';
    try {
      load({ [name]: value });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(name);
    expect(message).not.toContain(value.slice(8, 30));
  });
});
