import { scope as scopeSchema } from '@viw/contracts';
import { scopeChoiceOf, scopeOf, type ScopeChoice } from './scope-choice';

const server = '0199c5c8-7a53-7000-8000-000000000001';
const everyKind = scopeSchema.parse({
  gateways: { ids: ['gw-1'], labels: { site: 'berlin' } },
  verbs: ['list_users'],
  certificates: { ids: [server], domains: ['example.org'] },
  servers: { ids: [server] },
});

describe('a scope in its fields', () => {
  it.each([[null], [{}], [everyKind], [scopeSchema.parse({ verbs: 'all', gateways: 'all' })]])(
    '%j comes back as it was',
    (scope) => expect(scopeOf(scopeChoiceOf(scope))).toEqual({ scope, wrong: {} }),
  );

  it('with nothing in a kind is outside of it, as if it were not named', () =>
    expect(
      scopeOf(scopeChoiceOf(scopeSchema.parse({ gateways: { ids: [] }, verbs: [], servers: { ids: [] } }))),
    ).toEqual({ scope: {}, wrong: {} }));

  it('says what is wrong by kind, and is none then', () => {
    const nothing: ScopeChoice = {
      narrowed: true,
      gateways: { mode: 'some', ids: [], labels: ['berlin'] },
      verbs: { mode: 'some', values: [] },
      certificates: { mode: 'some', ids: [], domains: [] },
      servers: { mode: 'some', values: [] },
    };
    expect(scopeOf(nothing)).toEqual({
      scope: undefined,
      wrong: {
        gateways: 'Not name=value: berlin',
        verbs: 'At least one command',
        certificates: 'At least one domain or one certificate',
        servers: 'At least one server',
      },
    });
    expect(scopeOf({ ...nothing, narrowed: false })).toEqual({ scope: null, wrong: {} });
    const certificates = { mode: 'some' as const, ids: [], domains: ['example.org', '*.example.org'] };
    expect(scopeOf({ ...scopeChoiceOf({}), certificates }).wrong).toEqual({
      certificates: 'Neither a DNS name without a wildcard nor an IP address: *.example.org',
    });
  });
});
