import type { VerbPolicy } from '@viw/contracts';
import { policyPut, typedPolicy } from './policy-form';

const policy: VerbPolicy = {
  verb: 'restart_agent',
  version: 7,
  policy_id: 'restart_agent@7',
  roles: ['admin'],
  where: { ids: ['gw-1'], labels: { site: 'berlin' } },
  approval: 'second_person',
  approval_ttl_s: 5_400,
  max_targets: 3,
  changed_by: 'a@example.org',
  changed_at: '2026-11-28T12:00:00Z',
};

describe('a policy in its form', () => {
  it('comes back as it was, and replaces the version that was shown', () =>
    expect(policyPut(typedPolicy(policy), policy)).toEqual({
      body: {
        roles: policy.roles,
        where: policy.where,
        approval: 'second_person',
        approval_ttl_s: 5_400,
        max_targets: 3,
        version: 7,
      },
      wrong: {},
    }));

  it('begins for a verb that has none with what holds without one', () =>
    expect(policyPut({ ...typedPolicy(undefined), reason: ' why ' }, undefined).body).toEqual({
      roles: ['admin', 'operator'],
      where: 'all',
      approval: 'none',
      approval_ttl_s: 3_600,
      max_targets: null,
      version: null,
      reason: 'why',
    }));

  it.each([
    [{ roles: [] }, 'roles'],
    [{ where: { mode: 'some' as const, ids: [], labels: [] } }, 'where'],
    [{ waits: 0.5 }, 'approval_ttl_s'],
    [{ waits: '' }, 'approval_ttl_s'],
    [{ waits: 1_441 }, 'approval_ttl_s'],
    [{ maxTargets: 0 }, 'max_targets'],
    [{ reason: 'x'.repeat(501) }, 'reason'],
  ])('%j is refused under its field', (change, field) => {
    const { body, wrong } = policyPut({ ...typedPolicy(policy), ...change }, policy);
    expect(body).toBeUndefined();
    expect(Object.keys(wrong)).toEqual([field]);
  });
});
