import { gatewayChange, gatewayWords } from './gateway-words';

const labelled = (labels: Record<string, string>) => ({ ids: [], labels });

describe('gateways in words', () => {
  it.each([
    ['all' as const, 'every gateway'],
    [{ ids: [] }, 'no gateway'],
    [{ ids: ['gw-2', 'gw-1'] }, 'gw-1, gw-2'],
    [{ ids: ['a', 'b', 'c', 'd', 'e'] }, 'a, b, c, d, e'],
    [
      { ids: ['gw-2'], labels: { tier: 'core', site: 'berlin' } },
      'gw-2, gateways where "site" is "berlin" and "tier" is "core"',
    ],
    [labelled({ site: '\u202ex' }), 'gateways where "site" is "\\u{202e}x" ("\\u{202e}x")'],
  ])('%j', (selector, words) => expect(gatewayWords(selector)).toBe(words));

  it.each([
    [labelled({ site: 'x and tier=y' }), labelled({ site: 'x', tier: 'y' })],
    [labelled({ site: 'x" and "tier" is "y' }), labelled({ site: 'x', tier: 'y' })],
    [labelled({ 'a=b': 'c' }), labelled({ a: 'b=c' })],
    [labelled({ site: 'x, gw-1' }), { ids: ['gw-1'], labels: { site: 'x' } }],
    [labelled({ site: 'x ' }), labelled({ site: 'x' })],
    [{ ids: ['a', 'b', 'c', 'd'] }, { ids: ['a', 'b', 'c', 'e'] }],
  ])('%j and %j do not read alike', (one, other) => expect(gatewayWords(one)).not.toBe(gatewayWords(other)));

  it('says what a change adds, removes and keeps', () => {
    expect(gatewayChange({ ids: ['d', 'c', 'b', 'a'] }, { ids: ['a', 'b', 'c', 'vpn-prod'] })).toEqual({
      added: ['vpn-prod'],
      removed: ['d'],
      kept: ['a', 'b', 'c'],
    });
    expect(gatewayChange({ ids: ['a'], labels: { site: 'x', tier: '1' } }, labelled({ site: 'x' }))).toEqual({
      added: ['gateways where "site" is "x"'],
      removed: ['a', 'gateways where "site" is "x" and "tier" is "1"'],
      kept: [],
    });
    expect(gatewayChange({ ids: [] }, 'all')).toEqual({
      added: ['every gateway'],
      removed: ['no gateway'],
      kept: [],
    });
  });
});
