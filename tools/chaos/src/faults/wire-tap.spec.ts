import { WireTap } from './wire-tap';
import { redisRequests } from './redis-requests';

const command = (word: string): Buffer => Buffer.from(`*1\r\n$${word.length}\r\n${word}\r\n`);

it('keeps what is parked, and what comes after it on the same connection, until it may go on', async () => {
  let go: () => void = () => undefined;
  const until = new Promise<void>((resolve) => (go = resolve));
  const tap = new WireTap(redisRequests);
  tap.watch(({ words }) => (words[0] === 'STOP' ? { until } : 'pass'));
  const [parked, other] = [tap.open(), tap.open()];
  expect(parked.take(command('FIRST'))).toEqual(command('FIRST'));
  expect(parked.parked).toBeUndefined();
  // Nothing is dropped: whoever forwards waits for `parked`.
  expect(parked.take(command('STOP'))).toEqual(command('STOP'));
  expect(parked.parked).toBe(until);
  expect(parked.take(command('AFTER'))).toEqual(command('AFTER'));
  expect(parked.answers).toBe(true);
  expect(other.parked).toBeUndefined();
  go();
  await parked.parked;
});
