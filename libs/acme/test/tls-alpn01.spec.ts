import { connect } from 'node:tls';
import { TlsAlpn01Responder, type SharedAnswers } from '@viw/acme';
import { freePort, startPebble, type Pebble } from '@viw/testing';
import { PresentedAnswers } from '../src/presented-answers';
import { issuerAt, uniqueName } from './issuing';

/** As a table of the database. */
const stored = new Map<string, { answer: string; by: string }>();
const shared: SharedAnswers = {
  put: async (key, answer, by) => {
    if ((stored.get(key)?.answer ?? answer) !== answer) return false;
    stored.set(key, { answer, by });
    return true;
  },
  find: async (key) => stored.get(key)?.answer,
  remove: async (key, answer, by) => {
    const found = stored.get(key);
    if (found?.answer === answer && found.by === by) stored.delete(key);
  },
};

let pebble: Pebble;
let reached: TlsAlpn01Responder;
let elsewhere: TlsAlpn01Responder;
let port: number;
beforeAll(async () => {
  port = await freePort();
  const bind = { host: '127.0.0.1', port };
  reached = new TlsAlpn01Responder({ bind }, { shared });
  elsewhere = new TlsAlpn01Responder({ bind: { ...bind, port: 0 } }, { shared });
  await reached.start();
  await elsewhere.start();
  pebble = await startPebble({ tlsPort: port, strict: true, nonceRejectPercent: 50 });
});
afterAll(async () => {
  await reached.stop();
  await elsewhere.stop();
  await pebble.stop();
});

test.each([
  ['by the one that ordered', () => reached],
  ['by another one that shares its answers', () => elsewhere],
])('names and an address at a real CA, answered %s', async (_, solver) => {
  const issuer = await issuerAt(pebble);
  const names = [uniqueName('a'), uniqueName('b'), '127.0.0.1'];
  const issued = await issuer.issue({ names, solver: solver() });
  await issuer.close();
  expect(issued.names.toSorted()).toEqual(names.toSorted());
  expect(stored.size).toBe(0);
});

test.each([
  ['at one worker', () => [reached, reached]],
  ['at two workers', () => [reached, elsewhere]],
])('orders at once that share names, %s: each gets its certificate', async (_, solvers) => {
  const common = [uniqueName('common'), uniqueName('common')];
  const orders = solvers().flatMap((solver) => [solver, solver]);
  const issued = await Promise.all(
    orders.map(async (solver, index) => {
      const issuer = await issuerAt(pebble);
      const names = index % 2 === 0 ? common : common.toReversed();
      return issuer.issue({ names, solver }).finally(() => issuer.close());
    }),
  );
  expect(new Set(issued.map(({ serial }) => serial)).size).toBe(4);
  expect(stored.size).toBe(0);
});

test('an order whose turn does not come takes nothing away, and comes again soon', async () => {
  const name = uniqueName('taken');
  const answers = new PresentedAnswers(shared, { turnMs: 100 });
  const other = new PresentedAnswers(shared);
  await other.present(name, 'other.a');
  await expect(answers.present(name, 'mine.a')).rejects.toMatchObject({
    code: 'ACME_UNAVAILABLE',
    meta: { retry: 'soon' },
  });
  await answers.withdraw(name, 'mine.a');
  expect(await answers.find(name)).toBe('other.a');
  await other.withdraw(name, 'other.a');
  expect(stored.size).toBe(0);
});

describe('anybody else', () => {
  const ask = (servername: string, protocols?: string[]): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(
        {
          host: '127.0.0.1',
          port,
          servername,
          rejectUnauthorized: false,
          ...(protocols && { ALPNProtocols: protocols }),
        },
        () => socket.on('close', () => resolve('closed')),
      );
      socket.resume();
      socket.on('error', ({ code = 'failed' }: NodeJS.ErrnoException) => resolve(code));
    });
  const name = 'asked.viw.example';
  const challenge = {
    type: 'tls-alpn-01' as const,
    identifier: { type: 'dns' as const, value: name },
    wildcard: false,
    token: 'token',
    keyAuthorization: 'token.thumbprint',
  };
  beforeAll(() => reached.present(challenge));
  afterAll(() => reached.cleanup(challenge));

  it('gets no handshake for another protocol, or for a name that nobody validates', async () => {
    expect(await ask(name, ['http/1.1'])).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    expect(await ask('other.viw.example', ['acme-tls/1'])).not.toBe('closed');
    expect(await ask('constructor', ['acme-tls/1'])).not.toBe('closed');
  });

  it('is hung up on without any protocol', async () => {
    expect(await ask(name)).toBe('closed');
  });
});
