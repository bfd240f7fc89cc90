import { request } from 'node:http';
import { Http01Responder } from './http01-responder';
import type { SharedAnswers } from './presented-answers';

const token = 'LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';
const keyAuthorization = `${token}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI`;

let responder: Http01Responder;
let port: number;
beforeEach(async () => {
  responder = new Http01Responder({ bind: { host: '127.0.0.1', port: 0 } });
  port = await responder.start();
});
afterEach(() => responder.stop());

function ask(path: string, method = 'GET'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path, method, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on('error', reject);
    call.end();
  });
}

describe('Http01Responder', () => {
  it('answers for a token while it is presented', async () => {
    const path = `/.well-known/acme-challenge/${token}`;
    expect(await ask(path)).toEqual({ status: 404, body: '' });
    responder.put(token, keyAuthorization);
    expect(await ask(path)).toEqual({ status: 200, body: keyAuthorization });
    expect(await ask(path, 'HEAD')).toEqual({ status: 200, body: '' });
    responder.remove(token);
    expect(await ask(path)).toEqual({ status: 404, body: '' });
  });

  it.each([
    ['/', 'GET'],
    ['/.well-known/acme-challenge/', 'GET'],
    [`/.well-known/acme-challenge/${token}`, 'POST'],
    [`/.well-known/acme-challenge/${token}/`, 'GET'],
    [`/.well-known/acme-challenge/${token}?x`, 'GET'],
    [`/.well-known/acme-challenge/../acme-challenge/${token}`, 'GET'],
    [`/.well-known/acme-challenge/${token.replace('L', '%4C')}`, 'GET'],
    ['/.well-known/acme-challenge/constructor', 'GET'],
  ])('has nothing at %s (%s)', async (path, method) => {
    responder.put(token, keyAuthorization);
    expect((await ask(path, method)).status).toBe(404);
  });

  it('takes no token that could be a path and no foreign key authorization', () => {
    expect(() => responder.put('../../etc/passwd-and-more-characters', keyAuthorization)).toThrow(RangeError);
    expect(() => responder.put('short', 'short.x')).toThrow(RangeError);
    expect(() => responder.put(token, 'other.thumbprint')).toThrow(RangeError);
    expect(responder.size).toBe(0);
  });

  it('says when its port is taken', async () => {
    const second = new Http01Responder({ bind: { host: '127.0.0.1', port } });
    await expect(second.start()).rejects.toThrow('EADDRINUSE');
    await second.stop();
  });

  it('answers what another one has presented, and denies nothing when it cannot look', async () => {
    const stored = new Map<string, { answer: string; by: string }>();
    let broken = false;
    const shared: SharedAnswers = {
      put: async (key, answer, by) => Boolean(stored.set(key, { answer, by })),
      find: async (key) => {
        if (broken) throw new Error('no database');
        return stored.get(key)?.answer;
      },
      remove: async (key, _, by) => void (stored.get(key)?.by === by && stored.delete(key)),
    };
    const [here, there] = [0, 1].map(
      () => new Http01Responder({ bind: { host: '127.0.0.1', port: 0 } }, { shared }),
    ) as [Http01Responder, Http01Responder];
    await here.start();
    port = await there.start();
    const path = `/.well-known/acme-challenge/${token}`;
    const challenge = {
      type: 'http-01' as const,
      identifier: { type: 'dns' as const, value: 'www.example.org' },
      wildcard: false,
      token,
      keyAuthorization,
    };
    await here.present(challenge);
    expect(await ask(path)).toEqual({ status: 200, body: keyAuthorization });
    broken = true;
    expect((await ask(path)).status).toBe(503);
    broken = false;
    // The order goes on elsewhere, then its former worker cleans up.
    await there.present(challenge);
    await here.cleanup(challenge);
    expect((await ask(path)).status).toBe(200);
    await there.cleanup(challenge);
    expect((await ask(path)).status).toBe(404);
    expect(stored.size).toBe(0);
    await Promise.all([here.stop(), there.stop()]);
  });
});
