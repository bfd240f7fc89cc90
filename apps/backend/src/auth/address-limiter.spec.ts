import { AddressLimiter } from './address-limiter';

let now = 0;
const limiter = () => new AddressLimiter({ burst: 3, everyMs: 1_000 }, { clock: { now: () => now } });
const fail = (limited: AddressLimiter, address = 'a', times = 1) => {
  for (let n = 0; n < times; n++) limited.attempt(address);
};

beforeEach(() => {
  now = 1_000_000;
});

it('lets an address fail so many times at once, then one at a time; others are not concerned', () => {
  const limited = limiter();
  fail(limited, 'a', 3);
  expect(() => fail(limited)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }) as Error);
  expect(() => fail(limited, 'b', 3)).not.toThrow();
  now += 1_000;
  fail(limited);
  expect(() => fail(limited)).toThrow(
    expect.objectContaining({ meta: { retry_after_s: 1 } }) as unknown as Error,
  );
});

it('does not count what succeeds, and refusals do not make the wait longer', () => {
  const limited = limiter();
  for (let n = 0; n < 100; n++) {
    limited.attempt('a');
    limited.succeeded('a');
  }
  fail(limited, 'a', 3);
  for (let n = 0; n < 100; n++) expect(() => fail(limited)).toThrow();
  now += 1_000;
  expect(() => fail(limited)).not.toThrow();
});

it('forgets an address that has got everything back', () => {
  const limited = limiter();
  fail(limited, 'a', 3);
  now += 3_000;
  expect(() => fail(limited, 'a', 3)).not.toThrow();
});
