import { gatewayChoiceError, gatewayChoiceOf, selectorOf, selects } from './gateway-choice';

const berlin = { agent_id: 'gw-1', labels: { site: 'berlin', tier: 'edge' } };

describe('gateways as they are chosen', () => {
  it.each([
    ['all' as const, true],
    [{ ids: [] }, false],
    [{ ids: ['gw-1', 'gw-2'] }, true],
    [{ ids: ['gw-2'], labels: { site: 'berlin', tier: 'core' } }, false],
    [{ ids: [], labels: { site: 'berlin', note: 'a=b' } }, false],
    [{ ids: [], labels: { site: 'berlin' } }, true],
  ])('%j comes back as it was', (selector, inside) => {
    const choice = gatewayChoiceOf(selector);
    expect(gatewayChoiceError(choice)).toBeUndefined();
    expect(selectorOf(choice)).toEqual(selector);
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
