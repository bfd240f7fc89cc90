import { Http01Responder, TlsAlpn01Responder, type ChallengeSolver } from '@viw/acme';
import { freePort, startPebble, type Pebble } from '@viw/testing';
import { issuerAt, uniqueName } from './issuing';

const solvers: (Http01Responder | TlsAlpn01Responder)[] = [];
let pebble: Pebble;
const solverOf = (type: string): ChallengeSolver => solvers.find((solver) => solver.type === type)!;

beforeAll(async () => {
  const [httpPort, tlsPort] = [await freePort(), await freePort()];
  // Of both families, as the CA calls addresses themselves; what one presents the other has to answer.
  const stored = new Map<string, string>();
  const shared = {
    put: async (key: string, answer: string) => Boolean(stored.set(key, answer)),
    find: async (key: string) => stored.get(key),
    remove: async (key: string) => void stored.delete(key),
  };
  const on = (host: string) => [
    new Http01Responder({ bind: { host, port: httpPort } }, { shared }),
    new TlsAlpn01Responder({ bind: { host, port: tlsPort } }, { shared }),
  ];
  solvers.push(...on('127.0.0.1'), ...on('::1'));
  await Promise.all(solvers.map((solver) => solver.start()));
  pebble = await startPebble({ httpPort, tlsPort, strict: true });
});
afterAll(async () => {
  await Promise.all(solvers.map((solver) => solver.stop()));
  await pebble?.stop();
});

test.each(['http-01', 'tls-alpn-01'])('addresses of both families by %s, beside a name', async (type) => {
  const issuer = await issuerAt(pebble);
  const name = uniqueName();
  // As somebody may write it; canonical in the order and in what is told of the certificate.
  const issued = await issuer.issue({ names: [name, '127.0.0.1', '0:0::0:1'], solver: solverOf(type) });
  await issuer.close();
  expect(issued.names.toSorted()).toEqual(['127.0.0.1', '::1', name].toSorted());
});

test('the same address in two spellings is named twice', async () => {
  const issuer = await issuerAt(pebble);
  await expect(
    issuer.issue({ names: ['::1', '0:0:0:0:0:0:0:1'], solver: solverOf('http-01') }),
  ).rejects.toMatchObject({ message: '::1 is named twice', meta: { retry: 'never' } });
  await issuer.close();
});
