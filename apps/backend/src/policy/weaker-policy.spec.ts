import type { VerbPolicyRules } from '@viw/contracts';
import { verbPolicyRules } from '@viw/contracts';
import { isWeaker } from './weaker-policy';

const rules = (over: Partial<VerbPolicyRules> = {}): VerbPolicyRules => ({
  ...verbPolicyRules.parse({}),
  approval: 'second_person',
  ...over,
});
const where = (ids: string[], labels?: Record<string, string>): Partial<VerbPolicyRules> => ({
  where: labels === undefined ? { ids } : { ids, labels },
});

test.each<[string, Partial<VerbPolicyRules>, Partial<VerbPolicyRules>]>([
  ['no second person', {}, { approval: 'none' }],
  ['a role more', { roles: ['admin'] }, { roles: ['admin', 'operator'] }],
  ['another role', { roles: ['admin'] }, { roles: ['operator'] }],
  ['everywhere', where(['a']), { where: 'all' }],
  ['a gateway more', where(['a']), where(['a', 'b'])],
  ['another gateway', where(['a']), where(['b'])],
  ['a label instead of a gateway', where(['a']), where([], { site: 'x' })],
  ['a gateway beside its label', where([], { site: 'x' }), where(['a'], { site: 'x' })],
  ['fewer labels', where([], { site: 'x', tier: '1' }), where([], { site: 'x' })],
  ['another label', where([], { site: 'x' }), where([], { site: 'y' })],
  ['a label that an object has anyway', where([], { constructor: 'x' }), where([], { site: 'x' })],
  ['more at once', { max_targets: 1 }, { max_targets: 2 }],
  ['as many as there are', { max_targets: 1 }, { max_targets: null }],
  ['stronger in one way and weaker in another', { max_targets: 5 }, { max_targets: 6, roles: ['admin'] }],
])('%s is weaker', (_, before, after) => {
  expect(isWeaker(rules(after), rules(before))).toBe(true);
});

test.each<[string, Partial<VerbPolicyRules>, Partial<VerbPolicyRules>]>([
  ['the same', where(['a'], { site: 'x' }), where(['a'], { site: 'x' })],
  ['a role less', {}, { roles: ['operator'] }],
  ['somewhere instead of everywhere', {}, where([], { site: 'x' })],
  ['nowhere', where(['a']), where([])],
  ['a gateway less', where(['a', 'b']), where(['b'])],
  ['a label more', where([], { site: 'x' }), where([], { site: 'x', tier: '1' })],
  ['gateways without the label', where(['a'], { site: 'x' }), where(['a'])],
  ['fewer at once', { max_targets: null }, { max_targets: 1 }],
  ['another time to wait', { approval_ttl_s: 60 }, { approval_ttl_s: 86_400 }],
])('%s is not weaker', (_, before, after) => {
  expect(isWeaker(rules(after), rules(before))).toBe(false);
});

test('deletion is weaker', () => {
  expect(isWeaker(null, rules())).toBe(true);
});
