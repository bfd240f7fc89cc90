import { scope } from '@viw/contracts';
import { scopeFromText, scopeWords } from './role-words';

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

  it('is read as JSON; nothing is no narrowing, and what is no JSON is no scope', () => {
    expect(scopeFromText(' ')).toBeNull();
    expect(scopeFromText('{"verbs":"all"}')).toEqual({ verbs: 'all' });
    expect(scopeFromText('{verbs')).toBeUndefined();
  });
});
