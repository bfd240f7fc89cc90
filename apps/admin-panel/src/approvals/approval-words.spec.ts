import { askedFor, consequence, whoWords, whyNotYours } from './approval-words';

const verbs = [{ verb: 'restart_agent', title: 'Restart the agent' }];
const asked = { kind: 'command' as const, verb: 'restart_agent', agent_id: 'gw-1', policy_change: null };
const policy = { kind: 'verb_policy' as const, verb: 'restart_agent', agent_id: null };
const rules = { roles: ['admin' as const], where: 'all' as const, approval_ttl_s: 60, max_targets: null };
const from = { ...rules, approval: 'second_person' as const };

describe('a request in words', () => {
  it('says what is asked for', () => {
    expect(askedFor(asked, verbs)).toBe('Restart the agent on gw-1');
    expect(askedFor({ ...asked, verb: 'gone' }, verbs)).toBe('gone on gw-1');
    expect(askedFor({ ...policy, policy_change: { from, to: null } }, verbs)).toBe(
      'Delete the policy of Restart the agent',
    );
    expect(askedFor({ ...policy, policy_change: { from, to: { ...from, approval: 'none' } } }, verbs)).toBe(
      'Weaken the policy of Restart the agent',
    );
  });

  it('tells a machine with the name of a person from the person', () => {
    const name = 'a@example.org';
    expect(whoWords({ kind: 'administrator', id: 'a', name })).toBe(name);
    expect(whoWords({ kind: 'api_client', id: 'b', name })).toBe(`${name} (API client)`);
  });

  it('says what comes of an answer', () => {
    expect(consequence('approve', { kind: 'command', ttl_s: 60 })).toContain('within 60 s');
    expect(consequence('approve', { kind: 'verb_policy', ttl_s: null })).toContain('weaker one at once');
    expect(consequence('reject', { kind: 'command', ttl_s: 60 })).toContain('not run');
    expect(consequence('withdraw', { kind: 'verb_policy', ttl_s: null })).toContain('stays');
  });

  it('says why somebody else has to approve it', () => {
    const by = { kind: 'administrator', id: 'a', name: 'a@example.org' };
    const request = { kind: 'command' as const, may: [], requested_by: by };
    const operator = { id: 'b', role: 'operator' as const, permissions: ['commands:approve' as const] };
    expect(whyNotYours({ ...request, may: ['approve', 'reject'] }, operator)).toBeUndefined();
    expect(whyNotYours({ ...request, may: ['withdraw'] }, { ...operator, id: 'a' })).toContain('You have');
    expect(whyNotYours({ ...request, kind: 'verb_policy' }, operator)).toContain('An administrator');
    expect(whyNotYours(request, { ...operator, permissions: [] })).toContain('Your role');
    expect(whyNotYours(request, operator)).toContain('Somebody else');
  });
});
