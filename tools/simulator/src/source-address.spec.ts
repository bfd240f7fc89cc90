import { isIPv4 } from 'node:net';
import { sourceAddress } from './source-address';

describe('source addresses of simulated agents', () => {
  it('are loopback addresses, shared by few agents', () => {
    const shared = new Map<string, number>();
    for (let n = 0; n < 50_000; n++) {
      const address = sourceAddress(n);
      shared.set(address, (shared.get(address) ?? 0) + 1);
    }
    expect(shared.size).toBe(200);
    expect(new Set(shared.values())).toEqual(new Set([250]));
    expect([...shared.keys()].every((address) => isIPv4(address) && address.startsWith('127.'))).toBe(true);
  });

  it('stay valid beyond one block', () => {
    expect(sourceAddress(0)).toBe('127.1.0.1');
    expect(sourceAddress(62_499)).toBe('127.1.0.250');
    expect(sourceAddress(62_500)).toBe('127.1.1.1');
  });
});
