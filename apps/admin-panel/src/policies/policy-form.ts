import { verbPolicyPut, type VerbPolicy, type VerbPolicyPut } from '@viw/contracts';
import {
  gatewayChoiceError,
  gatewayChoiceOf,
  selectorOf,
  type GatewayChoice,
} from '../selectors/gateway-choice';
import { noRules } from './policy-words';

/** A policy as it is edited. Numbers are what the fields hold, "" where nothing is. */
export interface TypedPolicy {
  readonly roles: readonly string[];
  readonly where: GatewayChoice;
  readonly secondPerson: boolean;
  /** Minutes. */
  readonly waits: number | string;
  /** "": as many as there are. */
  readonly maxTargets: number | string;
  readonly reason: string;
}

export const typedPolicy = (policy: VerbPolicy | undefined): TypedPolicy => {
  const rules = policy ?? noRules;
  return {
    roles: rules.roles,
    where: gatewayChoiceOf(rules.where ?? undefined),
    secondPerson: rules.approval === 'second_person',
    waits: rules.approval_ttl_s / 60,
    maxTargets: rules.max_targets ?? '',
    reason: '',
  };
};

/**
 * The body for the API, which replaces the version that was shown and no other, or what is wrong, by the contract's names.
 * An idle second person's time to wait stays what it was.
 */
export const policyPut = (
  typed: TypedPolicy,
  policy: VerbPolicy | undefined,
): { readonly body: VerbPolicyPut | undefined; readonly wrong: Readonly<Record<string, string>> } => {
  const where = gatewayChoiceError(typed.where);
  const parsed = verbPolicyPut.safeParse({
    roles: typed.roles,
    where: where === undefined ? selectorOf(typed.where) : 'all',
    approval: typed.secondPerson ? 'second_person' : 'none',
    approval_ttl_s: typed.waits === '' ? Number.NaN : Math.round(Number(typed.waits) * 60),
    max_targets: typed.maxTargets === '' ? null : Number(typed.maxTargets),
    version: policy?.version ?? null,
    ...(typed.reason.trim() === '' ? {} : { reason: typed.reason.trim() }),
  });
  const wrong: Record<string, string> = where === undefined ? {} : { where };
  for (const { path, message } of parsed.error?.issues ?? []) wrong[String(path[0])] ??= message;
  if (typed.roles.length === 0) wrong['roles'] = 'At least one of them';
  return { body: Object.keys(wrong).length === 0 ? parsed.data : undefined, wrong };
};
