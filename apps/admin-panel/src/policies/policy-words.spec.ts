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
      ['Where', 'on gateways with site=berlin'],
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
      { term: 'Where', before: 'on gateways with site=berlin', after: 'on every gateway', changed: true },
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
});
