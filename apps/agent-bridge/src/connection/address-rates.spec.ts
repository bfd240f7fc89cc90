import { AddressRates } from './address-rates';

const rates = (more: Partial<ConstructorParameters<typeof AddressRates>[0]> = {}) =>
  new AddressRates({ perSecond: 10, burst: 3, addresses: 100, ...more });

const taken = (of: AddressRates, address: string, count: number, now: number): number =>
  Array.from({ length: count }, () => of.take(address, now)).filter(Boolean).length;

test('each address has its own bucket', () => {
  const each = rates();
  expect(taken(each, '192.0.2.1', 5, 0)).toBe(3);
  expect(taken(each, '192.0.2.2', 5, 0)).toBe(3);
  expect(taken(each, '192.0.2.1', 5, 200)).toBe(2);
});

test('an IPv6 host cannot multiply itself by the addresses of its /64', () => {
  const each = rates();
  expect(taken(each, '2001:db8:1:2::1', 2, 0)).toBe(2);
  expect(taken(each, '2001:db8:1:2:a:b:c:d', 5, 0)).toBe(1);
  expect(taken(each, '2001:db8:1:3::1', 5, 0)).toBe(3);
  expect(taken(each, '::1', 5, 0)).toBe(3);
  expect(taken(each, 'fe80::1', 5, 0)).toBe(3);
});

test('what is left may be asked for without taking or remembering anything', () => {
  const each = rates();
  for (let n = 0; n < 5; n++) expect(each.hasLeft('192.0.2.1', 0)).toBe(true);
  expect(each.size).toBe(0);
  expect(taken(each, '2001:db8:1:2::1', 3, 0)).toBe(3);
  expect(each.hasLeft('2001:db8:1:2::2', 0)).toBe(false);
  expect(each.hasLeft('2001:db8:1:2::2', 100)).toBe(true);
});

test('memory is bounded; an address in use is not forgotten by the crowd', () => {
  const each = rates({ perSecond: 0.001 });
  expect(taken(each, '192.0.2.1', 3, 0)).toBe(3);
  for (let n = 0; n < 10_000; n++) {
    each.take(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, n);
    expect(each.take('192.0.2.1', 0)).toBe(false);
  }
  expect(each.size).toBeLessThanOrEqual(200);
});
