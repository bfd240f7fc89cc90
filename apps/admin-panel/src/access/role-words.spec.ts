import { scope } from '@viw/contracts';
import { scopeWords } from './role-words';

describe('a scope in words', () => {
  it('says what is inside, and only that', () => {
    expect(scopeWords(null)).toBe('Everything');
    expect(scopeWords({})).toBe('Nothing');
    const narrowed = scope.parse({
      gateways: { ids: ['gw-1'], labels: { site: 'berlin' } },
      verbs: 'all',
      certificates: { domains: ['example.org'] },
    });
    expect(scopeWords(narrowed)).toBe(
      '1 gateway · gateways site=berlin · all verbs · certificates below example.org',
    );
  });
});
