import { AppError } from './errors';
import { createLogger } from './logging';
import type { LoggerOptions } from './logging';

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createLogger(
    { service: 'sample', ...options },
    { destination: { write: (line) => void lines.push(line) } },
  );
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown> };
}

test('one JSON line with ts, level as word, service, event, msg', () => {
  const { logger, lines, last } = capture();
  logger.info({ event: 'connected', agent_id: 'gw-1' }, 'agent connected');
  expect(lines).toHaveLength(1);
  expect(lines[0]?.endsWith('\n')).toBe(true);
  const record = last();
  expect(record).toEqual({
    level: 'info',
    ts: record['ts'],
    service: 'sample',
    event: 'connected',
    agent_id: 'gw-1',
    msg: 'agent connected',
  });
  expect(new Date(record['ts'] as string).toISOString()).toBe(record['ts']);
});

test('secrets are removed by name at any depth, in arrays, maps and child loggers', () => {
  const { logger, lines } = capture();
  const secrets = {
    password: 'canary',
    userpass: 'canary',
    key: 'canary',
    hmac_key: 'canary',
    sharedSecret: 'canary',
    token: 'canary',
    Authorization: 'canary',
    'set-cookie': ['canary'],
    private_key: Buffer.from('canary'),
    passphrase: 'canary',
    jws: 'canary',
    bootstrap_token: 'canary',
    apiKey: { nested: 'canary' },
    AGENT_BRIDGE_SHARED_SECRET: 'canary',
  };
  logger.info({ ...secrets, a: { b: [{ c: secrets }] }, m: new Map(Object.entries(secrets)) }, 'x');
  logger.child({ args: secrets }).warn('y');
  let deep: Record<string, unknown> = { innocent: 'canary' };
  for (let level = 0; level < 12; level++) deep = { deep };
  logger.info(deep, 'z');
  expect(lines).toHaveLength(3);
  expect(lines.join('')).not.toContain('canary');
});

test('names that only resemble secrets stay', () => {
  const { logger, last } = capture();
  const record = {
    key_id: 'k1',
    public_key: 'abc',
    has_password: true,
    fingerprint: 'SHA256:x',
    correlation_id: 'c',
  };
  logger.info(record, 'x');
  expect(last()).toMatchObject(record);
});

test('secrets in texts are removed by pattern: message, arguments, fields', () => {
  const { logger, lines } = capture();
  logger.info('login with password=canary');
  logger.info({ stdout: 'token: canary' }, 'ran %s', 'Bearer canary123');
  logger.error(new Error('redis://u:canary@h refused'));
  logger.error({ error: new Error('secret=canary') }, 'failed');
  logger.error({ error: new Error('secret=canary') });
  logger.info('called with %j', { password: 'canary' });
  expect(lines).toHaveLength(6);
  expect(lines.join('')).not.toContain('canary');
});

test('an error shows type, code, message and stack; of a foreign cause only type, code and place', () => {
  const { logger, last } = capture();
  const cause = Object.assign(new Error('value "canary" refused'), { code: '22P02', parameters: ['canary'] });
  logger.error(
    { error: new AppError('CONFLICT', 'already there', { cause, meta: { token: 'canary', id: 7 } }) },
    'x',
  );
  const { error } = last() as { error: Record<string, unknown> };
  expect(error).toMatchObject({
    type: 'AppError',
    code: 'CONFLICT',
    message: 'already there',
    meta: { token: '[redacted]', id: 7 },
    cause: { type: 'Error', code: '22P02' },
  });
  expect(error['stack']).toContain('logging.spec');
  expect(JSON.stringify(error)).not.toContain('canary');
});

test('the input that JSON.parse quotes is not repeated', () => {
  const { logger, lines } = capture();
  try {
    JSON.parse('canary');
  } catch (error) {
    logger.warn({ error }, 'bad frame');
  }
  expect(lines[0]).toContain('not valid JSON');
  expect(lines[0]).not.toContain('canary');
});

test('cycles and huge graphs stay small', () => {
  const { logger, lines } = capture();
  const nodes: Record<string, unknown>[] = Array.from({ length: 50 }, (_, id) => ({ id }));
  for (const node of nodes) node['peers'] = nodes;
  logger.info({ node: nodes[0] }, 'x');
  expect(lines[0]?.length).toBeLessThan(1_000_000);
});

test('what is logged is not changed', () => {
  const { logger } = capture();
  const args = { password: 'kept', list: [{ token: 'kept' }] };
  logger.info({ args }, 'x');
  expect(args).toEqual({ password: 'kept', list: [{ token: 'kept' }] });
});

test('the level holds back', () => {
  const { logger, lines } = capture({ level: 'warn' });
  logger.info('no');
  expect(lines).toHaveLength(0);
});

test('pretty lines for people', () => {
  const { logger, lines } = capture({ pretty: true });
  logger.warn({ event: 'lag', ms: 12, error: new Error('slow') }, 'behind');
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}sample lag behind ms=12\nError: slow\n\s+at /);
});
