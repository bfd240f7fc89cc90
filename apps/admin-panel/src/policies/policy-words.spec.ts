import type { VerbPolicyRules } from '@viw/contracts';
import { changeWords, noRules, policyWords, spanWords } from './policy-words';

const strict: VerbPolicyRules = {
  roles: ['admin'],
  where: { ids: [], labels: { site: 'berlin' } },
  approval: 'second_person',
  approval_ttl_s: 5_400,
  max_targets: 1,
};

describe('a policy in words', () => {
  it.each([
    [3_600, '1 h'],
    [86_400, '24 h'],
    [5_400, '90 min'],
    [75, '75 s'],
  ])('%d seconds are %s', (seconds, words) => expect(spanWords(seconds)).toBe(words));

  it('says who, where, with whom and how many', () => {
    expect(policyWords(strict)).toEqual([
      ['Who', 'administrators'],
      ['Where', 'on gateways where "site" is "berlin"'],
      ['Second person', 'has to approve; a request waits 90 min'],
      ['At once', 'at most 1 gateway'],
    ]);
    expect(policyWords({ ...strict, where: null })[1]).toEqual(['Where', 'a part that is not shown to you']);
  });

  it('says what a change changes, and that a deletion takes everything away', () => {
    expect(
      changeWords({ from: strict, to: { ...strict, max_targets: 5 } }).map(({ changed }) => changed),
    ).toEqual([false, false, false, true]);
    expect(changeWords({ from: strict, to: null })).toEqual([
      { term: 'Who', before: 'administrators', after: 'administrators and operators', changed: true },
      {
        term: 'Where',
        before: 'on gateways where "site" is "berlin"',
        after: 'on every gateway',
        changed: true,
        gateways: {
          added: ['every gateway'],
          removed: ['gateways where "site" is "berlin"'],
          kept: [],
        },
      },
      {
        term: 'Second person',
        before: 'has to approve; a request waits 90 min',
        after: 'not needed',
        changed: true,
      },
      { term: 'At once', before: 'at most 1 gateway', after: 'as many gateways as there are', changed: true },
    ]);
    expect(changeWords({ from: noRules, to: noRules }).some(({ changed }) => changed)).toBe(false);
  });

  it('marks one gateway of many that becomes another, and names each', () => {
    const from = { ...strict, where: { ids: ['a', 'b', 'c', 'd'] } };
    expect(changeWords({ from, to: { ...from, where: { ids: ['a', 'b', 'c', 'vpn-prod'] } } })[1]).toEqual({
      term: 'Where',
      before: 'on a, b, c, d',
      after: 'on a, b, c, vpn-prod',
      changed: true,
      gateways: { added: ['vpn-prod'], removed: ['d'], kept: ['a', 'b', 'c'] },
    });
  });

  it.each([
    [{ ids: [], labels: { site: 'x and tier=y' } }, { ids: [], labels: { site: 'x', tier: 'y' } }, true],
    [
      { ids: ['a', 'b'], labels: { site: 'x', tier: 'y' } },
      { ids: ['b', 'a'], labels: { tier: 'y', site: 'x' } },
      false,
    ],
    [{ ids: ['a'] }, { ids: ['a'], labels: { site: 'x' } }, true],
    ['all' as const, { ids: [] }, true],
  ])('%j to %j is a change: %s', (before, after, changed) =>
    expect(
      changeWords({ from: { ...strict, where: before }, to: { ...strict, where: after } }).map(
        (rule) => rule.changed,
      ),
    ).toEqual([false, changed, false, false]),
  );

  it('the order of roles is none, and a time that nobody waits is no change', () => {
    const from: VerbPolicyRules = { ...noRules, approval_ttl_s: 60 };
    const to: VerbPolicyRules = { ...noRules, roles: ['operator', 'admin'] };
    expect(changeWords({ from, to }).some(({ changed }) => changed)).toBe(false);
    expect(changeWords({ from: strict, to: { ...strict, approval_ttl_s: 60 } })[2]?.changed).toBe(true);
  });
});
