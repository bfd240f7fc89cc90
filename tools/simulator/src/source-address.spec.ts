import { isIPv4 } from 'node:net';
import { sourceAddress } from './source-address';

describe('source addresses of simulated agents', () => {
  it('are loopback addresses, as many agents on each', () => {
    const shared = new Map<string, number>();
    for (let n = 0; n < 50_000; n++) {
      const address = sourceAddress(n);
      shared.set(address, (shared.get(address) ?? 0) + 1);
    }
    expect(shared.size).toBe(200);
    expect(new Set(shared.values())).toEqual(new Set([250]));
    expect([...shared.keys()].every((address) => isIPv4(address) && address.startsWith('127.'))).toBe(true);
  });

  it('differ for those that dial one after the other', () => {
    expect([0, 1, 199, 200].map(sourceAddress)).toEqual([
      '127.1.0.1',
      '127.1.0.2',
      '127.1.0.200',
      '127.1.0.1',
    ]);
  });
});
