import { sleep } from '@viw/runtime';
import { pollServed, type Served } from './served-certificate';

const listener = { host: '127.0.0.1', port: 443, servername: 'www.example.org' };
/** Less than what has to be seen of a steady one. */
const SHORT_MS = 200;

async function polled(fingerprintOf: (look: number) => string | Promise<string>, timeoutMs = SHORT_MS) {
  let looks = 0;
  const look = async (): Promise<Served> => ({ listener, fingerprint: await fingerprintOf(looks++) });
  const accept = ({ fingerprint }: Served): boolean => fingerprint !== 'old';
  return pollServed({ look, isAlive: () => true }, [listener], accept, timeoutMs);
}

it('what is served in time is accepted once it has proved to be steady, though the time is over by then', async () => {
  expect(await polled(() => 'new')).toEqual({
    accepted: true,
    served: [{ listener, fingerprint: 'new' }],
  });
});

it.each([
  ['the old one', () => 'old'],
  ['the old one now and then', (look: number) => (look % 2 === 0 ? 'new' : 'old')],
  ['another one each time', (look: number) => `new ${look}`],
])('of a listener that shows %s that is not waited for', async (_, fingerprintOf) => {
  expect((await polled(fingerprintOf)).accepted).toBe(false);
});

/** As a busy machine does with a process. */
function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it.each([
  ['between two looks', () => void setTimeout(() => standStill(1_500))],
  ['in a look', () => standStill(1_500)],
])('time in which the process stood still %s is no time in which it could have looked', async (_, harm) => {
  const shown = (look: number): string => {
    if (look === 0) harm();
    return look <= 1 ? 'old' : 'new';
  };
  expect((await polled(shown, 1_000)).accepted).toBe(true);
});

it('one slow good look, and the old one after it, is not accepted', async () => {
  const shown = async (look: number): Promise<string> => {
    if (look > 0) return 'old';
    await sleep(400);
    return 'new';
  };
  expect((await polled(shown, 500)).accepted).toBe(false);
});
