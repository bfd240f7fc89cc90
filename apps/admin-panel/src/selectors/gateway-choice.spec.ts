import { gatewayChoiceError, gatewayChoiceOf, gatewayWords, selectorOf, selects } from './gateway-choice';

const berlin = { agent_id: 'gw-1', labels: { site: 'berlin', tier: 'edge' } };

describe('gateways as they are chosen', () => {
  it.each([
    ['all' as const, 'every gateway', true],
    [{ ids: [] }, 'no gateway', false],
    [{ ids: ['gw-1', 'gw-2'] }, 'gw-1, gw-2', true],
    [
      { ids: ['gw-2'], labels: { site: 'berlin', tier: 'core' } },
      'gw-2, gateways with site=berlin and tier=core',
      false,
    ],
    [{ ids: [], labels: { site: 'berlin', note: 'a=b' } }, 'gateways with site=berlin and note=a=b', false],
    [{ ids: [], labels: { site: 'berlin' } }, 'gateways with site=berlin', true],
  ])('%j comes back as it was, and is said in words', (selector, words, inside) => {
    const choice = gatewayChoiceOf(selector);
    expect(gatewayChoiceError(choice)).toBeUndefined();
    expect(selectorOf(choice)).toEqual(selector);
    expect(gatewayWords(selector)).toBe(words);
    expect(selects(selector, berlin)).toBe(inside);
  });

  it.each([
    [[], [], 'At least one gateway or one label'],
    [[], ['berlin'], 'Not name=value: berlin'],
    [[], ['=berlin'], 'Not name=value: =berlin'],
    [[], ['site=a', 'site=b'], 'A gateway has one value of a label: site is there twice'],
    [['no such id!'], [], /^ids\.0/],
  ])('%j and %j: %s', (ids, labels, wrong) =>
    expect(gatewayChoiceError({ mode: 'some', ids, labels })).toMatch(wrong),
  );
});
