import type { VerbPolicyRules } from '@viw/contracts';

type Where = VerbPolicyRules['where'];

/** Whether every gateway that the first may hold is surely held by the second, whatever labels gateways have. */
function liesWithin(inner: Where, outer: Where): boolean {
  if (outer === 'all') return true;
  if (inner === 'all') return false;
  if (!inner.ids.every((id) => outer.ids.includes(id))) return false;
  if (inner.labels === undefined) return true;
  const { labels } = inner;
  return (
    outer.labels !== undefined &&
    Object.entries(outer.labels).every(
      ([name, value]) => Object.hasOwn(labels, name) && labels[name] === value,
    )
  );
}

/**
 * Whether a change allows anything that was not allowed before: more roles, gateways (in doubt, too) or targets at once, or
 * no second person. Null: the policy is deleted. How long requests wait is not part of it.
 */
export function isWeaker(next: VerbPolicyRules | null, than: VerbPolicyRules): boolean {
  if (next === null) return true;
  return (
    (than.approval === 'second_person' && next.approval === 'none') ||
    !next.roles.every((role) => than.roles.includes(role)) ||
    !liesWithin(next.where, than.where) ||
    (next.max_targets ?? Infinity) > (than.max_targets ?? Infinity)
  );
}
