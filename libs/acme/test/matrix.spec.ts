import { X509Certificate } from 'node:crypto';
import {
  Authorities,
  Dns01Solver,
  Http01Responder,
  Rfc2136Provider,
  TlsAlpn01Responder,
  generatePrivateKeyPem,
  parseTsigKey,
  splitChain,
  type ChallengeSolver,
} from '@viw/acme';
import { freePort, startKnot, startPebble, type Knot } from '@viw/testing';
import { issuerAt, stepLog } from './issuing';

let knot: Knot;
let http: Http01Responder;
let tls: TlsAlpn01Responder;
let httpPort: number;
let tlsPort: number;
beforeAll(async () => {
  knot = await startKnot({ zones: { 'matrix.example': { records: '* A 127.0.0.1' } } });
  [httpPort, tlsPort] = [await freePort(), await freePort()];
  http = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
  tls = new TlsAlpn01Responder({ bind: { host: '127.0.0.1', port: tlsPort } });
  await Promise.all([http.start(), tls.start()]);
});
afterAll(async () => {
  await Promise.all([http?.stop(), tls?.stop()]);
  await knot?.stop();
});

const dns = (): ChallengeSolver =>
  new Dns01Solver(
    { propagationMs: 60_000, pollMs: 20 },
    {
      provider: new Rfc2136Provider({ ...knotAddress(), key: parseTsigKey(knot.tsigKey)! }),
      authorities: new Authorities({ resolvers: [`127.0.0.1:${knot.port}`], authorityPort: knot.port }),
    },
  );
const knotAddress = () => ({ host: knot.address, port: knot.port });
const solvers: readonly (readonly [string[], () => ChallengeSolver])[] = [
  [['http.matrix.example'], () => http],
  [['tls.matrix.example'], () => tls],
  [['dns.matrix.example', '*.dns.matrix.example'], dns],
];
const binding = { kid: 'kid-1', hmacKey: Buffer.alloc(32, 9).toString('base64url') };

/**
 * What Pebble can be told to be like: every second nonce refused and strict in each. One that reuses no authorization does so with
 * one in a hundred (`rand.Intn(100) > authzReusePercent`).
 */
describe.each([
  { authzReusePercent: 0, chainLength: 1, alternateRoots: 0, bound: false },
  { authzReusePercent: 100, chainLength: 1, alternateRoots: 1, bound: true },
  { authzReusePercent: 0, chainLength: 2, alternateRoots: 1, bound: true },
  { authzReusePercent: 100, chainLength: 2, alternateRoots: 0, bound: false },
])(
  'a CA with $authzReusePercent % reuse, chains of $chainLength, $alternateRoots alternate, bound: $bound',
  (ca) => {
    it('issues by all three challenges at once, and again', async () => {
      const { bound, ...options } = ca;
      const pebble = await startPebble({
        ...options,
        httpPort,
        tlsPort,
        dnsResolver: `127.0.0.1:${knot.port}`,
        strict: true,
        nonceRejectPercent: 50,
        ...(bound && { externalAccountKeys: { [binding.kid]: binding.hmacKey } }),
      });
      const issuer = await issuerAt(pebble, {
        accountKeyPem: await generatePrivateKeyPem(),
        ...(bound && { externalAccountBinding: binding }),
      });
      /** @returns whether all names were proved anew, or none was */
      const prove = async ([names, solver]: (typeof solvers)[number]): Promise<'all' | 'none' | 'some'> => {
        const { log, events, onStep } = stepLog();
        const by = solver();
        const issued = await issuer.issue({ names, solver: by, onStep });
        expect(issued.names.toSorted()).toEqual(names.toSorted());
        expect(log().filter((line) => line.endsWith('failed'))).toEqual([]);
        const chain = splitChain(issued.chainPem).map((pem) => new X509Certificate(pem));
        expect(chain).toHaveLength(options.chainLength);
        expect(new X509Certificate(issued.certificatePem).checkIssued(chain[0]!)).toBe(true);
        const validated = events.filter(({ step, detail }) => step === 'challenge' && detail === by.type);
        if (validated.length === 0) return 'none';
        return validated.length === names.length ? 'all' : 'some';
      };
      try {
        const [first, ...others] = solvers;
        // Makes the account.
        expect(await prove(first!)).toBe('all');
        expect(await Promise.all(others.map(prove))).toEqual(['all', 'all']);
        const expected = options.authzReusePercent === 100 ? 'none' : 'all';
        const again = async (one: (typeof solvers)[number]) => {
          const seen = [await prove(one)];
          while (seen.at(-1) !== expected && seen.length < 4) seen.push(await prove(one));
          return seen.at(-1);
        };
        expect(await Promise.all(solvers.map(again))).toEqual(solvers.map(() => expected));
        expect(await knot.txt('_acme-challenge.dns.matrix.example')).toEqual([]);
        expect(http.size).toBe(0);
      } finally {
        await issuer.close();
        await pebble.stop();
      }
    });
  },
);
