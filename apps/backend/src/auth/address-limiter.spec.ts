import { AddressLimiter } from './address-limiter';

let now = 0;
const limiter = () => new AddressLimiter({ burst: 3, everyMs: 1_000 }, { clock: { now: () => now } });
const fail = (limited: AddressLimiter, address = '192.0.2.1', times = 1) => {
  for (let n = 0; n < times; n++) limited.failed(address);
};

beforeEach(() => {
  now = 1_000_000;
});

it('lets an address fail so many times at once, then one at a time; others are not concerned', () => {
  const limited = limiter();
  fail(limited, '192.0.2.1', 3);
  expect(() => fail(limited)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }) as Error);
  expect(() => fail(limited, '192.0.2.2', 3)).not.toThrow();
  now += 1_000;
  fail(limited);
  expect(() => fail(limited)).toThrow(expect.objectContaining({ meta: { retry_after_s: 1 } }) as Error);
});

it('does not make the wait longer for what was refused', () => {
  const limited = limiter();
  fail(limited, '192.0.2.1', 3);
  for (let n = 0; n < 100; n++) expect(() => fail(limited)).toThrow();
  now += 1_000;
  expect(() => fail(limited)).not.toThrow();
});

it('an IPv6 host does not multiply itself by the addresses of its /64', () => {
  const limited = limiter();
  for (let n = 1; n <= 3; n++) fail(limited, `2001:db8::${n}`);
  expect(() => fail(limited, '2001:db8::4')).toThrow();
  expect(() => fail(limited, '2001:db8:0:1::4')).not.toThrow();
});

it('forgets an address that has got everything back', () => {
  const limited = limiter();
  fail(limited, '192.0.2.1', 3);
  now += 3_000;
  expect(() => fail(limited, '192.0.2.1', 3)).not.toThrow();
});
