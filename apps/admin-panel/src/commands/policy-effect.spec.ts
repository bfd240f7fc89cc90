import { policyEffect } from './policy-effect';

const policy = { roles: ['admin' as const], where: 'all' as const, approval: 'second_person' as const };
const gateway = { agent_id: 'gw-1', labels: { site: 'berlin' } };

describe('what a policy means for a command', () => {
  it('is nothing without one', () =>
    expect(policyEffect(undefined, 'operator', gateway)).toEqual({ refused: undefined, waits: false }));

  it.each([
    [policy, 'admin' as const, undefined],
    [policy, 'operator' as const, /your role/],
    [{ ...policy, where: { ids: ['gw-2'] } }, 'admin' as const, /this gateway/],
    [{ ...policy, where: { ids: [], labels: { site: 'berlin' } } }, 'admin' as const, undefined],
    [{ ...policy, where: null }, 'admin' as const, undefined],
  ])('%j for %s', (given, role, refused) => {
    const effect = policyEffect(given, role, gateway);
    expect(effect.waits).toBe(true);
    if (refused) expect(effect.refused).toMatch(refused);
    else expect(effect.refused).toBeUndefined();
  });
});
