import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { loadConfig } from './config';
import type { LoadConfigOptions } from './config';
import { zBind, zBool, zCsv, zInt, zSecret } from './config-values';
import { AppError } from './errors';

const schema = z.object({
  SAMPLE_BIND: zBind().prefault('127.0.0.1:8082'),
  SAMPLE_MAX_CONN: zInt({ min: 1, max: 1000 }).default(100),
  SAMPLE_LOG_JSON: zBool().default(true),
  SAMPLE_IDS: zCsv().default([]),
  SAMPLE_SECRET: zSecret(16).optional(),
  REDIS_URL: z.string('a Redis URL').default('redis://127.0.0.1:6379'),
});

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'viw-config-'))));
afterEach(() => rmSync(dir, { recursive: true }));

const load = (options: Partial<LoadConfigOptions<typeof schema>> = {}) =>
  loadConfig({ service: 'sample', schema, env: {}, argv: [], configDir: dir, ...options });

function failure(options: Partial<LoadConfigOptions<typeof schema>>): AppError {
  try {
    load(options);
  } catch (error) {
    if (error instanceof AppError && error.code === 'CONFIG_INVALID') return error;
    throw error;
  }
  throw new Error('accepted');
}

test('defaults alone', () => {
  const { value, sources } = load();
  expect(value).toEqual({
    SAMPLE_BIND: { host: '127.0.0.1', port: 8082 },
    SAMPLE_MAX_CONN: 100,
    SAMPLE_LOG_JSON: true,
    SAMPLE_IDS: [],
    REDIS_URL: 'redis://127.0.0.1:6379',
  });
  expect(sources.SAMPLE_BIND).toEqual({ from: 'default' });
});

test('later sources win, and it is known which did', () => {
  writeFileSync(
    join(dir, 'sample.toml'),
    'bind = "127.0.0.1:1"\nmax_conn = 2\nlog_json = false\nids = ["a", "b"]\nredis_url = "redis://file"\n',
  );
  const { value, sources } = load({
    env: { SAMPLE_MAX_CONN: '3', REDIS_URL: 'redis://env' },
    argv: ['--redis-url=redis://flag'],
  });
  expect(value).toMatchObject({
    SAMPLE_BIND: { port: 1 },
    SAMPLE_MAX_CONN: 3,
    SAMPLE_LOG_JSON: false,
    SAMPLE_IDS: ['a', 'b'],
    REDIS_URL: 'redis://flag',
  });
  expect(sources).toMatchObject({
    SAMPLE_BIND: { from: 'file', name: 'bind' },
    SAMPLE_MAX_CONN: { from: 'environment', name: 'SAMPLE_MAX_CONN' },
    SAMPLE_SECRET: { from: 'default' },
    REDIS_URL: { from: 'flag', name: '--redis-url' },
  });
});

test('a fallback counts where no source says anything', () => {
  const fallbacks = { SAMPLE_MAX_CONN: '7', SAMPLE_BIND: '127.0.0.1:7' };
  const { value, sources } = load({ fallbacks, argv: ['--bind=127.0.0.1:9'] });
  expect(value).toMatchObject({ SAMPLE_MAX_CONN: 7, SAMPLE_BIND: { host: '127.0.0.1', port: 9 } });
  expect(sources).toMatchObject({ SAMPLE_MAX_CONN: { from: 'fallback' }, SAMPLE_BIND: { from: 'flag' } });
  expect(() => load({ fallbacks: { SAMPLE_MAX_CONN: 'canary' } })).toThrow(/SAMPLE_MAX_CONN/);
});

test('a secret comes from a file, trimmed, and is marked', () => {
  const file = join(dir, 'secret');
  writeFileSync(file, 'sixteen-characters-or-more\n');
  const { value, sources, secretKeys } = load({ env: { SAMPLE_SECRET_FILE: file } });
  expect(value.SAMPLE_SECRET).toBe('sixteen-characters-or-more');
  expect(sources.SAMPLE_SECRET).toEqual({ from: 'environment-file', name: 'SAMPLE_SECRET_FILE', file });
  expect([...secretKeys]).toEqual(['SAMPLE_SECRET']);
});

test('a secret comes from a command; nothing else does, and nothing comes from two places', () => {
  const print = (text: string) => JSON.stringify([process.execPath, '-p', JSON.stringify(text)]);
  const { value, sources } = load({ env: { SAMPLE_SECRET_COMMAND: print('sixteen-characters-or-more') } });
  expect(value.SAMPLE_SECRET).toBe('sixteen-characters-or-more');
  expect(sources.SAMPLE_SECRET).toEqual({ from: 'environment-command', name: 'SAMPLE_SECRET_COMMAND' });
  const env = {
    SAMPLE_SECRET_FILE: join(dir, 'secret'),
    SAMPLE_SECRET_COMMAND: print('canary'),
    SAMPLE_MAX_CONN_COMMAND: print('7'),
  };
  writeFileSync(env.SAMPLE_SECRET_FILE, 'sixteen-characters-or-more');
  expect(failure({ env }).meta.errors).toEqual([
    { path: 'SAMPLE_SECRET', msg: 'set twice: by SAMPLE_SECRET_FILE and by SAMPLE_SECRET_COMMAND' },
    { path: 'SAMPLE_MAX_CONN_COMMAND', msg: 'unknown variable' },
  ]);
  const failed = failure({ env: { SAMPLE_SECRET_COMMAND: '["/bin/false", "canary"]' } });
  expect(failed.message).toContain('SAMPLE_SECRET_COMMAND (the command failed');
  expect(failed.message).not.toContain('canary');
});

test('old names still work; a different value under both names is refused', () => {
  const aliases = { OLD_MAX: 'SAMPLE_MAX_CONN' } as const;
  expect(load({ aliases, env: { OLD_MAX: '7' } })).toMatchObject({
    value: { SAMPLE_MAX_CONN: 7 },
    sources: { SAMPLE_MAX_CONN: { name: 'OLD_MAX' } },
  });
  expect(load({ aliases, env: { OLD_MAX: '7', SAMPLE_MAX_CONN: '7' } }).value.SAMPLE_MAX_CONN).toBe(7);
  expect(failure({ aliases, env: { OLD_MAX: '7', SAMPLE_MAX_CONN: '8' } }).message).toContain(
    'OLD_MAX (differs',
  );
});

test('every fault is named at once, and no value appears', () => {
  writeFileSync(join(dir, 'sample.toml'), 'bnid = "canary-1"\nlog_json = { a = "canary-2" }\n');
  const error = failure({
    env: {
      SAMPLE_SECRET: 'canary-3',
      SAMPLE_MAX_CONN: 'canary-4',
      SAMPLE_BIND: 'canary-5',
      SAMPLE_MAXCONN: 'canary-6',
      REDIS_URL_FILE: '/nonexistent/canary-7',
    },
    argv: ['--nope=canary-8', 'canary-9', '--secret=canary-10-and-long-enough'],
  });
  expect(error.meta.errors).toEqual([
    { path: 'sample.toml: bnid', msg: 'unknown key' },
    { path: 'sample.toml: log_json', msg: 'expected text, a number, a boolean or a list of them' },
    { path: 'REDIS_URL_FILE', msg: 'the file cannot be read (ENOENT)' },
    { path: 'SAMPLE_MAXCONN', msg: 'unknown variable' },
    { path: '--nope', msg: 'unknown flag' },
    { path: 'argument 2', msg: 'expected --name=value' },
    { path: '--secret', msg: 'a secret cannot be a flag; set SAMPLE_SECRET or SAMPLE_SECRET_FILE' },
    { path: 'SAMPLE_BIND', msg: 'expected host:port' },
    { path: 'SAMPLE_MAX_CONN', msg: 'expected a whole number from 1 to 1000' },
    { path: 'SAMPLE_SECRET', msg: 'expected a secret of at least 16 characters' },
  ]);
  expect(JSON.stringify([error.message, error.meta, error.stack])).not.toContain('canary');
});

test('a check of the caller that quotes the value is silenced', () => {
  const quoting = schema.extend({
    REDIS_URL: z.string().refine(() => false, { error: (issue) => `bad: ${String(issue.input)}` }),
  });
  expect(() =>
    loadConfig({
      service: 'sample',
      schema: quoting,
      env: { REDIS_URL: 'canary-url' },
      argv: [],
      configDir: dir,
    }),
  ).toThrow('configuration of sample is invalid: REDIS_URL (not acceptable)');
});

test('broken TOML is reported by line, without its text', () => {
  writeFileSync(join(dir, 'sample.toml'), 'max_conn = 1\nsecret = canary\n');
  const error = failure({});
  expect(error.meta.errors).toEqual([{ path: 'sample.toml', msg: 'not valid TOML at line 2' }]);
  expect(error.message).not.toContain('canary');
});

test('a missing required key says what is expected', () => {
  const strict = z.object({ SAMPLE_SECRET: zSecret(16) });
  expect(() => loadConfig({ service: 'sample', schema: strict, env: {}, argv: [], configDir: dir })).toThrow(
    'SAMPLE_SECRET (missing; expected a secret of at least 16 characters)',
  );
});

test('variables of a Kubernetes Service of the same name, and empty ones, are passed over', () => {
  const env = {
    SAMPLE_SERVICE_HOST: '10.0.0.1',
    SAMPLE_SERVICE_PORT_HTTP: '80',
    SAMPLE_PORT: 'tcp://10.0.0.1:80',
    SAMPLE_PORT_80_TCP_ADDR: '10.0.0.1',
    SAMPLE_MAX_CONN: '',
  };
  expect(load({ env }).value.SAMPLE_MAX_CONN).toBe(100);
});

test.each(['0.0.0.0:8082', '[::1]:0', 'db.internal:5432'])('address %s', (text) => {
  expect(zBind().safeParse(text).success).toBe(true);
});

test.each(['8082', ':8082', 'host:', 'host:70000', '::1:80', 'a b:80'])('no address: %s', (text) => {
  expect(zBind().safeParse(text).success).toBe(false);
});

test.each([
  ['1', true],
  ['TRUE', true],
  ['0', false],
  ['false', false],
])('boolean %s', (text, value) => {
  expect(zBool().parse(text)).toBe(value);
});

test('neither yes nor fractions nor exponents', () => {
  expect(zBool().safeParse('yes').success).toBe(false);
  expect(zInt().safeParse('1.5').success).toBe(false);
  expect(zInt().safeParse('1e3').success).toBe(false);
  expect(zInt().safeParse('-1').success).toBe(false);
});

test('lists are trimmed', () => {
  expect(zCsv().parse(' a, b ,,c')).toEqual(['a', 'b', 'c']);
});
