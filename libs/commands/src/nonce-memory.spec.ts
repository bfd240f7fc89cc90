import { canonicalJson } from './canonical-json';
import { NonceMemory } from './nonce-memory';

describe('NonceMemory', () => {
  it('accepts once within the window, again after it, and refuses when full', () => {
    let now = 0;
    const memory = new NonceMemory({ windowMs: 100, capacity: 2 }, { clock: { now: () => now } });
    memory.accept('a');
    expect(() => memory.accept('a')).toThrow(expect.objectContaining({ code: 'REPLAY_DETECTED' }) as Error);
    memory.accept('b');
    expect(() => memory.accept('c')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }) as Error);
    now = 100;
    memory.accept('a');
    expect(memory.size).toBe(1);
  });
});

describe('canonicalJson', () => {
  it('follows RFC 8785', () => {
    // The member order is the example of section 3.2.3.
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.values(JSON.parse(canonicalJson(value)) as object)).toHaveLength(7);
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    );
    expect(canonicalJson({ b: [1e21, 0.002, -0, null, true], a: undefined, c: 'é"\u000f' })).toBe(
      '{"b":[1e+21,0.002,0,null,true],"c":"é\\"\\u000f"}',
    );
  });

  it('refuses what JSON cannot hold', () => {
    for (const value of [Number.NaN, Infinity, 1n, () => 1, [undefined]]) {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    }
    // This one JSON text can hold, so it may come from outside.
    const half = expect.objectContaining({ code: 'VALIDATION_FAILED' }) as Error;
    expect(() => canonicalJson('\ud800')).toThrow(half);
  });
});
