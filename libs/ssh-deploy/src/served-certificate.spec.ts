import { type Served, pollServed } from './served-certificate';

const listener = { host: '127.0.0.1', port: 443, servername: 'www.example.org' };

/** What a listener shows at its n-th look, from 1. */
function polled(shown: (look: number) => string, timeoutMs: number) {
  let looks = 0;
  const look = (): Promise<Served> => Promise.resolve({ listener, fingerprint: shown((looks += 1)) });
  const accept = ({ fingerprint }: Served): boolean => fingerprint === 'new';
  return pollServed({ look, isAlive: () => true }, [listener], accept, timeoutMs);
}

/** As a busy machine does with a process. */
function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('what is never acceptable is not proved when the time is over', async () => {
  expect((await polled(() => 'old', 200)).accepted).toBe(false);
});

test('what is acceptable when the time ends is looked at until it is steady', async () => {
  const begun = performance.now();
  const shown = (): string => (performance.now() - begun < 750 ? 'old' : 'new');
  expect((await polled(shown, 1_000)).accepted).toBe(true);
});

test('time in which the process stood still is no time in which it could have looked', async () => {
  const shown = (look: number): string => {
    if (look === 1) setTimeout(() => standStill(1_000));
    return look <= 2 ? 'old' : 'new';
  };
  expect((await polled(shown, 300)).accepted).toBe(true);
});
