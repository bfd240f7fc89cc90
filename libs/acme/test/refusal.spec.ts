import { createServer, type Server } from 'node:http';
import { AppError } from '@viw/runtime';
import { Http01Responder, type ChallengeSolver, type PendingChallenge } from '@viw/acme';
import { freePort, startPebble, type Pebble } from '@viw/testing';
import { issuerAt, stepLog, uniqueName } from './issuing';

let pebble: Pebble;
let httpPort: number;

beforeAll(async () => {
  httpPort = await freePort();
  pebble = await startPebble({ httpPort, blockedDomains: ['blocked.example'] });
});
afterAll(() => pebble.stop());

/** Presents nothing; remembers what was presented and cleaned up. */
class SilentSolver implements ChallengeSolver {
  readonly type = 'http-01';
  readonly presented: string[] = [];
  readonly cleaned: string[] = [];
  constructor(private readonly onPresent: (challenge: PendingChallenge) => void = () => undefined) {}
  async present(challenge: PendingChallenge): Promise<void> {
    this.presented.push(challenge.identifier.value);
    this.onPresent(challenge);
  }
  async cleanup(challenge: PendingChallenge): Promise<void> {
    this.cleaned.push(challenge.identifier.value);
  }
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof AppError)) throw new Error(`expected an AppError, got ${String(outcome)}`);
  return outcome;
}

async function webServer(body: string): Promise<Server> {
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(httpPort, '127.0.0.1', resolve));
  return server;
}

describe('refusals', () => {
  it('names the identifier and the words of the CA when nobody answers the validation', async () => {
    const name = uniqueName();
    const solver = new SilentSolver();
    const { onStep, log } = stepLog();
    const issuer = await issuerAt(pebble);
    const error = await failureOf(issuer.issue({ names: [name], solver, onStep }));
    await issuer.close();
    expect(error).toMatchObject({
      code: 'ACME_REFUSED',
      retryable: true,
      meta: { problem_type: 'connection', retry: 'slow', identifier: name },
    });
    expect(error.message).toMatch(new RegExp(`^${name}: .*connection refused.*\\(connection\\)$`));
    expect(solver.cleaned).toEqual([name]);
    expect(log().slice(-2)).toEqual([`challenge ${name} started`, `challenge ${name} failed`]);
  });

  it('tells a wrong answer from a missing one, and every name that failed', async () => {
    const server = await webServer('not the key authorization');
    const names = [uniqueName('a'), uniqueName('b')];
    const solver = new SilentSolver();
    const issuer = await issuerAt(pebble);
    try {
      const error = await failureOf(issuer.issue({ names, solver }));
      expect(error).toMatchObject({
        code: 'ACME_REFUSED',
        meta: { problem_type: 'unauthorized', retry: 'slow' },
      });
      for (const name of names) expect(error.message).toContain(`${name}: `);
      expect((error.meta['failed_identifiers'] as string[]).toSorted()).toEqual(names.toSorted());
      expect(solver.cleaned.toSorted()).toEqual(names.toSorted());
    } finally {
      await issuer.close();
      server.close();
    }
  });

  it('stops for ever at a name that the CA rejects, with no challenge touched', async () => {
    const solver = new SilentSolver();
    const issuer = await issuerAt(pebble);
    const error = await failureOf(issuer.issue({ names: ['www.blocked.example'], solver }));
    await issuer.close();
    expect(error).toMatchObject({
      code: 'ACME_REFUSED',
      retryable: false,
      meta: { problem_type: 'rejectedIdentifier', retry: 'never' },
    });
    expect(error.message).toContain('blocked.example');
    expect(solver.presented).toEqual([]);
  });

  it('says that a wildcard has no HTTP-01', async () => {
    const name = `*.${uniqueName()}`;
    const issuer = await issuerAt(pebble);
    const error = await failureOf(issuer.issue({ names: [name], solver: new SilentSolver() }));
    await issuer.close();
    expect(error).toMatchObject({ code: 'ACME_REFUSED', retryable: false, meta: { identifier: name } });
    expect(error.message).toMatch(/offers no http-01, only dns-01/);
  });

  it('refuses no names and a name given twice without asking the CA', async () => {
    const issuer = await issuerAt({ directoryUrl: 'https://127.0.0.1:1/', caCertPem: pebble.caCertPem });
    const solver = new SilentSolver();
    await expect(issuer.issue({ names: [], solver })).rejects.toMatchObject({ code: 'ACME_REFUSED' });
    await expect(issuer.issue({ names: ['a.example', 'A.example'], solver })).rejects.toMatchObject({
      code: 'ACME_REFUSED',
      message: 'a.example is named twice',
    });
  });

  it('calls a CA that is not there unavailable', async () => {
    const port = await freePort();
    const issuer = await issuerAt({
      directoryUrl: `https://127.0.0.1:${port}/dir`,
      caCertPem: pebble.caCertPem,
    });
    const error = await failureOf(issuer.issue({ names: [uniqueName()], solver: new SilentSolver() }));
    expect(error).toMatchObject({ code: 'ACME_UNAVAILABLE', retryable: true, meta: { retry: 'soon' } });
    expect(error.message).toContain('ECONNREFUSED');
  });
});

describe('an issuance that is stopped', () => {
  it('cleans up and rejects with the reason', async () => {
    const stop = new AbortController();
    const solver = new SilentSolver(() => stop.abort(new Error('shutting down')));
    const issuer = await issuerAt(pebble);
    const name = uniqueName();
    await expect(issuer.issue({ names: [name], solver, signal: stop.signal })).rejects.toThrow(
      'shutting down',
    );
    await issuer.close();
    expect(solver.cleaned).toEqual([name]);
  });

  it('is resumed by the URL of its order, with the challenge still open', async () => {
    const stop = new AbortController();
    const names = [uniqueName()];
    let orderUrl = '';
    const issuer = await issuerAt(pebble);
    const interrupted = issuer.issue({
      names,
      solver: new SilentSolver(() => stop.abort(new Error('killed'))),
      signal: stop.signal,
      onOrder: (url) => void (orderUrl = url),
    });
    await expect(interrupted).rejects.toThrow('killed');

    const responder = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
    await responder.start();
    const orders: string[] = [];
    try {
      const issued = await issuer.issue({
        names,
        solver: responder,
        resume: { orderUrl },
        onOrder: (url) => void orders.push(url),
      });
      expect(issued.names).toEqual(names);
      expect(orders).toEqual([orderUrl]);
    } finally {
      await responder.stop();
      await issuer.close();
    }
  });

  it('goes on with a challenge that another worker has answered first', async () => {
    const responder = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
    await responder.start();
    const issuer = await issuerAt(pebble);
    const names = [uniqueName()];
    let orderUrl = '';
    const enough = () => Promise.reject(new Error('killed'));
    const overtaken: ChallengeSolver = {
      type: 'http-01',
      present: async () => {
        const first = issuer.issue({ names, solver: responder, resume: { orderUrl }, onKey: enough });
        await expect(first).rejects.toThrow('killed');
      },
      cleanup: () => Promise.resolve(),
    };
    try {
      const issued = issuer.issue({ names, solver: overtaken, onOrder: (url) => void (orderUrl = url) });
      await expect(issued).resolves.toMatchObject({ names });
    } finally {
      await responder.stop();
      await issuer.close();
    }
  });

  it('is resumed after finalization with its key, and ordered anew without', async () => {
    const responder = new Http01Responder({ bind: { host: '127.0.0.1', port: httpPort } });
    await responder.start();
    const issuer = await issuerAt(pebble);
    try {
      const names = [uniqueName()];
      const stored = { orderUrl: '', privateKeyPem: '' };
      const first = await issuer.issue({
        names,
        solver: responder,
        onOrder: (url) => void (stored.orderUrl = url),
        onKey: (pem) => void (stored.privateKeyPem = pem),
      });
      expect(stored.privateKeyPem).toBe(first.privateKeyPem);

      const again = await issuer.issue({ names, solver: responder, resume: stored });
      expect(again.fingerprintSha256).toBe(first.fingerprintSha256);

      const anew = await issuer.issue({ names, solver: responder, resume: { orderUrl: stored.orderUrl } });
      expect(anew.fingerprintSha256).not.toBe(first.fingerprintSha256);

      const unknown = { orderUrl: new URL('/my-order/no-such', pebble.directoryUrl).href };
      await expect(issuer.issue({ names, solver: responder, resume: unknown })).resolves.toMatchObject({
        names,
      });
    } finally {
      await responder.stop();
      await issuer.close();
    }
  });
});

it('what could not be cleaned up because of an outage is cleaned up before the end', async () => {
  const shared = new Map<string, string>();
  let outages = 1;
  const responder = new Http01Responder(
    { bind: { host: '127.0.0.1', port: httpPort } },
    {
      shared: {
        put: (key, keyAuthorization) => Promise.resolve(Boolean(shared.set(key, keyAuthorization))),
        find: (key) => Promise.resolve(shared.get(key)),
        remove: async (key) => {
          if (outages-- > 0) throw new Error('the database is away');
          shared.delete(key);
        },
      },
    },
  );
  await responder.start();
  const { onStep, log } = stepLog();
  const issuer = await issuerAt(pebble);
  try {
    const name = uniqueName();
    await issuer.issue({ names: [name], solver: responder, onStep });
    expect(log()).toContain(`cleanup ${name} failed`);
    expect([shared.size, responder.size]).toEqual([0, 0]);
  } finally {
    await issuer.close();
    await responder.stop();
  }
});
