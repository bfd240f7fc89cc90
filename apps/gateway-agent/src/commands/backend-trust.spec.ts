import { AppError, createLogger } from '@viw/runtime';
import { BackendTrust } from './backend-trust';
import type { BackendTrustDeps } from './backend-trust';

const logger = createLogger({ service: 'test', level: 'silent' });

/** A helper that answers when it is told to. */
function setUp() {
  const delivered: (readonly string[])[] = [];
  const adopted: (readonly string[])[] = [];
  let answer: () => Promise<void> = async () => undefined;
  const trust = new BackendTrust({
    trust: {
      adopt: async (policies: readonly string[]) => {
        adopted.push(policies);
      },
      current: async () => ({ verifier: 'the verifier' }),
    } as unknown as BackendTrustDeps['trust'],
    helper: {
      adoptPolicies: (policies) => {
        delivered.push(policies);
        return answer();
      },
    },
    logger,
  });
  return { trust, delivered, adopted, answers: (next: typeof answer) => (answer = next) };
}

describe('BackendTrust', () => {
  it('has no command looked at before the policies that came earlier are with agent and helper', async () => {
    const { trust, delivered, adopted, answers } = setUp();
    let letGo = (): void => undefined;
    answers(() => new Promise((resolve) => (letGo = resolve)));
    trust.receive(['a']);
    let looked = false;
    const verifier = trust.verifier().then((found) => {
      looked = true;
      return found;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([adopted, delivered, looked]).toEqual([[['a']], [['a']], false]);
    letGo();
    expect(await verifier).toBe('the verifier');
  });

  it('keeps the newest only, however many a hub sends', async () => {
    const { trust, delivered, adopted } = setUp();
    for (let n = 0; n < 1_000; n++) trust.receive([String(n)]);
    await trust.verifier();
    expect(adopted).toEqual([['0'], ['999']]);
    expect(delivered).toEqual([['0'], ['999']]);
  });

  it('asks a helper that was away again at once, and one that refused only after a while', async () => {
    const { trust, delivered, answers } = setUp();
    answers(() => Promise.reject(new AppError('HELPER_UNAVAILABLE', 'away')));
    trust.receive(['a']);
    await trust.verifier();
    trust.retry();
    await trust.verifier();
    expect(delivered).toHaveLength(2);
    answers(() => Promise.reject(new AppError('INVALID_SIGNATURE', 'no')));
    for (let time = 0; time < 3; time++) {
      trust.retry();
      await trust.verifier();
    }
    expect(delivered).toHaveLength(3);
    // Something newer is another matter.
    answers(async () => undefined);
    trust.receive(['b']);
    await trust.verifier();
    trust.retry();
    await trust.verifier();
    expect(delivered.slice(3)).toEqual([['b']]);
  });
});
